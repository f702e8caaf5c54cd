#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs against schemas/job.schema.json, and their ids against hashlib.

usage: job_schema.py PROBE SCHEMA

The validator knows just the words that the schema uses, and refuses a schema that uses others.
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from decimal import Decimal

TYPES = {
    'object': lambda v: isinstance(v, dict),
    'array': lambda v: isinstance(v, list),
    'string': lambda v: isinstance(v, str),
    'integer': lambda v: isinstance(v, int) and not isinstance(v, bool),
    'number': lambda v: isinstance(v, (int, Decimal)) and not isinstance(v, bool),
    'null': lambda v: v is None,
}
SAY_NOTHING = {'$schema', '$id', '$defs', 'title', 'description', 'format'}


def errors(value, schema, root, at=''):
    """Every way in which value is not what schema says."""
    found = []

    def object_words(word, want):
        if word == 'required':
            found.extend(f'{at}/{k} is missing' for k in want if k not in value)
        elif word == 'properties':
            for key in want:
                if key in value:
                    found.extend(errors(value[key], want[key], root, f'{at}/{key}'))
        elif word == 'additionalProperties':
            known = schema.get('properties', {})
            found.extend(f'{at}/{k} is not known' for k in value if k not in known)

    for word, want in schema.items():
        if word in SAY_NOTHING:
            continue
        if word == '$ref':
            found += errors(value, root['$defs'][want.rsplit('/', 1)[1]], root, at)
        elif word == 'oneOf':
            if sum(not errors(value, s, root, at) for s in want) != 1:
                found.append(f'{at} is not one of them')
        elif word == 'type':
            wanted = want if isinstance(want, list) else [want]
            if not any(TYPES[t](value) for t in wanted):
                found.append(f'{at} is no {want}')
        elif word == 'enum':
            if value not in want:
                found.append(f'{at} is not in {want}')
        elif word in ('required', 'properties', 'additionalProperties'):
            if isinstance(value, dict):
                object_words(word, want)
        elif word == 'items':
            for i, item in enumerate(value if isinstance(value, list) else []):
                found += errors(item, want, root, f'{at}/{i}')
        elif word == 'pattern':
            if isinstance(value, str) and not re.search(want, value):
                found.append(f'{at} does not match')
        elif word in ('minLength', 'maxLength', 'maxItems'):
            if isinstance(value, (str, list)):
                ok = len(value) >= want if word == 'minLength' else len(value) <= want
                if not ok:
                    found.append(f'{at} has a wrong length')
        elif word in ('minimum', 'maximum'):
            if TYPES['number'](value) and not (
                    value >= want if word == 'minimum' else value <= want):
                found.append(f'{at} is out of range')
        else:
            raise SystemExit(f'the schema says {word}, which this test does not know')
    return found


def job_id(job):
    def netstring(value):
        text = str(value).encode()
        return b'%d:%s,' % (len(text), text)
    members = ('rule', 'epoch', 'customer', 'key', 'episode', 'step')
    return hashlib.sha256(b'wm1|' + b''.join(netstring(job[m]) for m in members)).hexdigest()[:32]


def spoiled(job):
    """The same job with one thing wrong each: the validator must notice all of them."""
    for key in job:
        yield {k: v for k, v in job.items() if k != key}
        yield dict(job, **{key: {'other': 1} if key != 'data' else 1})
    yield dict(job, more=1)
    yield dict(job, id=job['id'].upper() + 'X')
    yield dict(job, armed_at='2026-11-21T12:00:00Z')
    yield dict(job, priority=dict(job['priority'], likelihood=2))


def main():
    probe, schema_file = sys.argv[1:]
    seed = os.environ.get('WAYMARK_TEST_SEED', str(int(time.time())))
    print(f'1..3\n# seed {seed}')
    with open(schema_file, encoding='utf-8') as file:
        schema = json.load(file)
    lines = subprocess.run([probe, seed], check=True, capture_output=True).stdout
    jobs = [json.loads(line, parse_float=Decimal) for line in lines.split(b'\n') if line]
    bad = [e for job in jobs for e in errors(job, schema, schema)]
    for e in bad[:10]:
        print('#', e)
    ok = [not bad and len(jobs) == 500]
    # What was not UTF-8 is replaced in the JSON, and then hashes to something else.
    clean = [j for j in jobs if '\ufffd' not in j['customer'] + j['key']]
    ok.append(len(clean) > 100 and all(j['id'] == job_id(j) for j in clean))
    ok.append(all(errors(s, schema, schema) for s in spoiled(jobs[0])))
    for n, (good, name) in enumerate(zip(ok, (
            'jobs by chance are what the schema says', 'their ids are what hashlib says',
            'the schema refuses what is no job')), 1):
        print(f"{'ok' if good else 'not ok'} {n} - {name}")
    return 0 if all(ok) else 1


if __name__ == '__main__':
    sys.exit(main())
