"""Write responses.txt: the schemas of Nova's answers.

    python3 responses.py FOLDER > responses.txt

FOLDER has one file per schema, named module.Class.method.response.FIRST-LAST.json after the
arguments of Nova's decorator validation.response_body_schema; a bound is a microversion or "any".

The lines of responses.txt are "+n<TAB>part", a part that several schemas have, and
"operation<TAB>first microversion<TAB>schema". {"#": n} in a schema is a part. Titles and
descriptions are left out.
"""
import collections
import json
import os
import re
import sys

# The operations whose names in this repository contain the class.
NAMES = {
    'FloatingIPDNSDomainController': 'domain_', 'FloatingIPDNSEntryController': 'entry_',
    'SecurityGroupRulesController': 'rules_', 'ServerSecurityGroupController': 'server_',
}
# Parts are worth a number from this length on.
SHORTEST = 60


def text(v):
    return json.dumps(v, separators=(',', ':'))


def tidy(v, names=False):
    """Leave out annotations; names tells that the keys of v are names of properties."""
    if isinstance(v, list):
        return [tidy(x) for x in v]
    if not isinstance(v, dict):
        return v
    return {k: x if k in ('enum', 'required', 'const') and not names else tidy(x, k in ('properties', 'patternProperties') and not names)
            for k, x in v.items() if names or k not in ('title', 'description', 'default')}


def read(folder):
    """Yield operation, first microversion and schema."""
    for file in sorted(os.listdir(folder)):
        m = re.fullmatch(r'(\w+)\.(\w+)\.(\w+)\.response\.(?:any|2\.(\d+))-(?:any|2\.\d+)\.json', file)
        if not m or m[1] == 'versions':
            continue
        with open(os.path.join(folder, file)) as f:
            yield m[1] + '.' + NAMES.get(m[2], '') + m[3].lstrip('_'), int(m[4] or 1), tidy(json.load(f))


def main(folder):
    schemas = sorted(read(folder), key=lambda s: s[:2])
    count = collections.Counter()

    def look(v):
        if isinstance(v, dict):
            count[text(v)] += 1
            if count[text(v)] > 1:
                return
        for x in v.values() if isinstance(v, dict) else v if isinstance(v, list) else ():
            look(x)

    for _, _, schema in schemas:
        look(schema)
    parts = {}

    def shared(v, top=False):
        if isinstance(v, list):
            return [shared(x) for x in v]
        if not isinstance(v, dict):
            return v
        whole = text(v)
        if top or count[whole] < 2 or len(whole) < SHORTEST or 'type' not in v and 'oneOf' not in v:
            return {k: shared(x) for k, x in v.items()}
        if whole not in parts:
            part = {k: shared(x) for k, x in v.items()}
            parts[whole] = len(parts)
            print('+%d\t%s' % (parts[whole], text(part)))
        return {'#': parts[whole]}

    print('# Nova 34.0.0 schemas of answers, see responses.py.')
    lines = ['%s\t%d\t%s' % (name, first, text(shared(schema, True))) for name, first, schema in schemas]
    print('\n'.join(lines))


main(sys.argv[1])
