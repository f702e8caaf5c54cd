# SPDX-License-Identifier: MIT
"""What the rules of the model ask, a second time: a few of the operators, strictly."""


def value_of(term, event, facts):
    if not isinstance(term, dict):
        return term
    if "var" not in term:
        return holds(term, event, facts)
    scope, _, name = term["var"].partition(".")
    return facts.get(name) if scope == "s" else event.properties.get(name)


def holds(condition, event, facts):
    """Conditions, strictly: what is missing compares as false, types are not converted."""
    operator, arguments = next(iter(condition.items()))
    if operator == "var":
        return value_of(condition, event, facts) is True
    if operator == "and":
        return all(holds(c, event, facts) for c in arguments)
    if operator == "or":
        return any(holds(c, event, facts) for c in arguments)
    if operator == "!":
        return not holds(arguments[0] if isinstance(arguments, list) else arguments, event, facts)
    if operator == "in":
        return value_of(arguments[0], event, facts) in arguments[1]
    values = [value_of(a, event, facts) for a in arguments]
    if any(v is None for v in values) or len({type(v) for v in values}) > 1:
        return False
    return {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
            "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
            ">=": lambda a, b: a >= b}[operator](*values)
