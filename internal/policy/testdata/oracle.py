"""Ask Nova's own policy engine. Prints one JSON object a line.

{"text", "canonical"}: a rule and how oslo.policy prints what it parsed.
{"files", "tokens", "targets"}: what the other lines count into.
{"file", "new", "token", "target", "allowed"}: for an operator's policy file (by
name), enforce_new_defaults, a token and a target (null is Nova's default one;
both by number), whether each of Nova's rules, in the order of its list, allows it
("1"), does not ("0") or stumbles over an exception ("x").
"""
import json
import logging
import os
import tempfile
import warnings

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)

from oslo_policy import _parser  # noqa: E402

from nova import context  # noqa: E402
from nova import exception  # noqa: E402
from nova import policies  # noqa: E402
from nova import policy  # noqa: E402

TEXTS = [
    '', ' ', '@', '!', 'role:admin', 'rule:x', 'a:b and c:d', 'a:b or c:d and e:f',
    'a:b and c:d or e:f', 'a:b or c:d and e:f and g:h or i:j', 'not a:b',
    'not a:b and c:d', 'a:b and not c:d', 'a:b or not c:d and e:f', 'not not a:b',
    'not (a:b or c:d)', '(a:b)', '((a:b))', '(a:b', 'a:b)', '()', '( )',
    '(a:b or c:d) and e:f', 'a:b or (c:d and e:f) and g:h', 'a:b AND c:d Or NOT e:f',
    'and', 'a:b and', 'or a:b', 'a:b c:d', 'a', 'a and b:c', '"a:b"', "'a:b'",
    "'x':%(y)s", '"x":%(y)s', "not 'x':%(y)s", 'project_id:%(project_id)s',
    '(project_id:%(project_id)s)', 'is_admin:True', 'is_admin:true', 'is_admin:1',
    'is_admin:False', 'role:%(x)s', 'None:%(x)s', 'a:b\nand\tc:d', 'a::b', ':b', 'a:',
    '(a:b)and c:d', 'a:(b)', '@ or !', 'not @', '! and @', '(@)', 'a:b or', '(((a:b)',
    'a:b or c:d or e:f', 'a:b and c:d and e:f', 'http://h/%(x)s', 'not', 'not not',
    '(not a:b)', '(a:b or c:d', "''", '"', "'", 'a:b)) and c:d']

FILES = {
    'none': '',
    'override': '"os_compute_api:servers:index": "role:observer or rule:context_is_admin"\n'
                '"context_is_admin": "role:cloud_admin"\n'
                '"os_compute_api:os-hosts": "role:observer"\n'
                '"os_compute_api:os-volumes": "!"\n'
                '"os_compute_api:os-multinic": "rule:os_compute_api:os-multinic:add"\n'
                '"os_compute_api:os-migrations:index": "rule:context_is_admin"\n',
    'language': "",
}
CHECKS = [
    '', '@', '!', 'role:ADMIN', 'role:Member', 'role:%(user_id)s', 'rule:nowhere',
    'rule:admin_api', 'rule:os_compute_api:servers:create', 'is_admin:False',
    'not role:member', 'user_id:%(user_id)s', 'user_id:alice', 'user_id:%(nope)s',
    "'p1':%(project_id)s", '"p1":%(project_id)s', 'None:%(project_id)s', 'None:None',
    'True:True', '1:1', '01:1', '-1:-1', '1:01', 'system_scope:all', 'system:all',
    'system:None', 'system_scope:None', 'domain_id:None', 'domain_id:d1', 'roles:member',
    'roles:Member', 'service_roles:service', 'is_admin_project:True',
    'is_admin_project:False', 'user_domain_id:default', 'project_domain_id:None',
    'service_user_id:None', 'service_project_id:sp', 'a.b:c', 'user_id.x:alice',
    'token.user.id:x', 'nothing:None', 'project_id:x%%y', 'project_id:%s',
    'project_id:%(project_id', 'project_id:%(project_id)d', 'project_id:p%(n)s',
    'role:member and (project_id:%(project_id)s or role:admin) and not role:reader',
    'role:member or role:reader and role:nobody', 'rule:loop', 'not rule:loop2',
    'service_user_domain_id:None', 'service_project_domain_id:None', 'role:',
    "'a b':%(project_id)s", 'is_admin:%(project_id)s', 'is_admin:TRUE']

PERSONAS = [
    dict(user_id='alice', project_id='p1', roles=['admin', 'manager', 'member', 'reader'], admin=True),
    dict(user_id='alice', project_id='p1', roles=['manager', 'member', 'reader']),
    dict(user_id='alice', project_id='p1', roles=['member', 'reader']),
    dict(user_id='alice', project_id='p1', roles=['Member', 'Reader'], user_domain_id='default'),
    dict(user_id='bob', project_id='p1', roles=['reader']),
    dict(user_id='bob', project_id='p2', roles=['member', 'reader']),
    dict(user_id='bob', project_id='p2', roles=['observer', 'foo']),
    dict(user_id='nova', project_id='service', roles=['service'],
         service_roles=['service'], service_project_id='sp'),
    dict(user_id='root', roles=['admin', 'reader', 'member'], system_scope='all', admin=True),
    dict(user_id='root', roles=['reader'], system_scope='all'),
    dict(user_id='dom', roles=['admin', 'member', 'reader'], domain_id='d1', admin=True),
    dict(user_id='lost', roles=['reader', 'member']),
    dict(user_id='x', project_id='p1', roles=['cloud_admin'], is_admin_project=False),
    dict(roles=[]),
]
TARGETS = [None, {}, {'project_id': 'p1', 'user_id': 'alice'}, {'project_id': 'p2'},
           {'project_id': 'p1', 'n': '1'}]


def main():
    for text in TEXTS + CHECKS:
        print(json.dumps({'text': text, 'canonical': str(_parser.parse_rule(text))}))
    names = [r.name for r in policies.list_rules()]
    where = tempfile.mkdtemp()
    conf = policy.CONF
    conf([], project='nova', default_config_files=[], default_config_dirs=[])
    # Every rule of the language is hung on one of Nova's rules, whose own
    # references are thereby gone.
    FILES['language'] = ''.join(
        '%s: %s\n' % (json.dumps(n), json.dumps(c))
        for n, c in zip(names[11:], CHECKS)) + (
            '"loop": "rule:loop and rule:loop"\n"loop2": "!"\n"default": "role:observer"\n'
            + '"%s": [["role:member", "project_id:%%(project_id)s"], "role:observer"]\n' % names[-1]
            + '"%s": []\n"%s": [[]]\n"%s":\n' % tuple(names[-4:-1]))
    print(json.dumps({'files': FILES, 'tokens': PERSONAS, 'targets': TARGETS}))
    for label, text in FILES.items():
        path = os.path.join(where, label + '.yaml')
        with open(path, 'w') as f:
            f.write(text)
        for new in (False, True):
            policy.reset()
            policy.policy.opts._register(conf)
            conf.set_override('enforce_new_defaults', new, 'oslo_policy')
            conf.set_override('policy_file', path, 'oslo_policy')
            policy.init()
            for i, persona in enumerate(PERSONAS):
                args = dict(persona)
                ctx = context.RequestContext(is_admin=args.pop('admin', False), **args)
                for j, target in enumerate(TARGETS):
                    allowed = ''
                    for n in names:
                        try:
                            policy.authorize(ctx, n, target)
                            allowed += '1'
                        except exception.Forbidden:
                            allowed += '0'
                        except (Exception, RecursionError):
                            allowed += 'x'
                    print(json.dumps({'file': label, 'new': new, 'token': i,
                                      'target': j, 'allowed': allowed}))


if __name__ == '__main__':
    main()
