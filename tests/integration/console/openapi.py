# SPDX-License-Identifier: MIT
"""schemas/openapi.yaml as something to check answers against.

The validator knows just the words of JSON Schema that the description uses and refuses a
description that uses others, so that nothing in it is without effect."""

import json
import os
import re

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "schemas")

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
SAY_NOTHING = {"description", "title", "format", "default", "propertyNames", "properties",
               "$schema", "$id", "$defs"}


class Description:
    def __init__(self):
        import yaml  # pylint: disable=import-outside-toplevel
        self.files = {}
        with open(os.path.join(SCHEMAS, "openapi.yaml"), encoding="utf-8") as file:
            self.root = yaml.safe_load(file)
        self.files["openapi.yaml"] = self.root
        for name in ("event.schema.json", "job.schema.json", "shadow.schema.json"):
            with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
                self.files[name] = json.load(file)

    def follow(self, ref, home="openapi.yaml"):
        """What a $ref names: (the thing, the file it stands in)."""
        name, _, path = ref.partition("#")
        name = name or home
        thing = self.files[name]
        for part in filter(None, path.split("/")):
            thing = thing[part]
        return thing, name

    def whole(self, thing):
        """A thing of the description that may be named by $ref."""
        return self.follow(thing["$ref"])[0] if "$ref" in thing else thing

    def operations(self):
        """(path, method, operation), with the parameters of the path."""
        for path, item in self.root["paths"].items():
            for method in ("get", "post", "put", "patch", "delete", "options"):
                if method in item:
                    parameters = item.get("parameters", []) + item[method].get("parameters", [])
                    yield path, method.upper(), dict(
                        item[method], parameters=[self.whole(p) for p in parameters])

    def response(self, path, method, status):
        """The description of an answer; that of `default` for a status that is not listed."""
        responses = self.root["paths"][path][method.lower()]["responses"]
        return self.whole(responses.get(str(status)) or responses["default"])

    def faults(self, path, method, answer):
        """All that is wrong with an answer."""
        response = self.response(path, method, answer.status)
        found = []
        for name, header in response.get("headers", {}).items():
            value = answer.fields.get(name.lower())
            if value is None:
                found.append("%s is missing" % name)
            else:
                found += self.errors(value, header["schema"], name)
        kind = answer.fields.get("content-type")
        if "content" not in response:
            return found + ([] if kind is None and not answer.body else ["there is a body"])
        if kind not in response["content"]:
            return found + ["Content-Type is %s" % kind]
        body = answer.body.decode("latin-1" if kind.startswith("image/") else "utf-8")
        body = json.loads(body) if "json" in kind else body
        return found + self.errors(body, response["content"][kind]["schema"])

    def errors(self, value, schema, at="", home="openapi.yaml"):
        """Every way in which VALUE is not what SCHEMA says."""
        found = []
        for word, want in schema.items():
            if word == "$ref":
                thing, name = self.follow(want, home)
                found += self.errors(value, thing, at, name)
            elif word == "oneOf":
                tries = [self.errors(value, s, at, home) for s in want]
                if sum(not t for t in tries) != 1:
                    found.append("%s: not one of: %s" % (at, tries))
            elif word in WORDS:
                found += ["%s: %s" % (at, fault) for fault in WORDS[word](value, want, schema)]
            elif word == "items":
                for i, item in enumerate(value if isinstance(value, list) else []):
                    found += self.errors(item, want, "%s/%d" % (at, i), home)
            elif word not in SAY_NOTHING and word != "additionalProperties":
                raise AssertionError("the schema says %s, which nobody checks" % word)
        return found + self.member_errors(value, schema, at, home)

    def member_errors(self, value, schema, at, home):
        found = []
        if not isinstance(value, dict):
            return found
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name, member in value.items():
            if "propertyNames" in schema:
                found += self.errors(name, schema["propertyNames"], "%s/%s" % (at, name), home)
            if name in known:
                found += self.errors(member, known[name], "%s/%s" % (at, name), home)
            elif others is False:
                found.append("%s/%s: not described" % (at, name))
            elif isinstance(others, dict):
                found += self.errors(member, others, "%s/%s" % (at, name), home)
        return found


def _type(value, want, _):
    wanted = want if isinstance(want, list) else [want]
    return [] if any(TYPES[t](value) for t in wanted) else ["no %s" % want]


def _length(least):
    def check(value, want, _):
        sized = isinstance(value, (str, list))
        wrong = sized and (len(value) < want if least else len(value) > want)
        return ["%d long" % len(value)] if wrong else []
    return check


def _range(least):
    def check(value, want, _):
        wrong = TYPES["number"](value) and (value < want if least else value > want)
        return ["%s is out of range" % value] if wrong else []
    return check


WORDS = {
    "type": _type,
    "const": lambda v, want, _: [] if v == want and isinstance(v, type(want)) else ["not %r" % want],
    "enum": lambda v, want, _: [] if v in want else ["%r is not in %s" % (v, want)],
    "pattern": lambda v, want, _: [] if not isinstance(v, str) or re.search(want, v) else [
        "%r does not match" % v],
    "required": lambda v, want, _: ["%s is missing" % k for k in want if k not in v]
                if isinstance(v, dict) else [],
    "minLength": _length(True), "minItems": _length(True),
    "maxLength": _length(False), "maxItems": _length(False),
    "minimum": _range(True), "maximum": _range(False),
}
