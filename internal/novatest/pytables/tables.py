"""Write tables of what Python's functions return, which tests compare with this project's functions.

Usage: tables.py [--seed SEED] [--rows N] DIRECTORY, with the Python environment of the lab, which has Nova:

    $LAB_PYTHON internal/novatest/pytables/tables.py internal/novatest/pytables/tables

One file a table; one row a line: [input, result]. The result is null where Python raises an
exception that the table does not describe. Inputs are given ones, the same with one systematic
change, and random changes of them; the seed decides about the random ones, so that repeated runs
write the same files. With another seed and more rows, in a directory that PYTHON_TABLES names, the
same tests try other inputs.
"""
import argparse
import binascii
import datetime
import ipaddress
import itertools
import json
import logging
import os
import random
import re
from urllib import parse
import warnings

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)

import netaddr  # noqa: E402
from oslo_serialization import base64  # noqa: E402
from oslo_serialization import jsonutils  # noqa: E402
from oslo_utils import strutils  # noqa: E402
from oslo_utils import timeutils  # noqa: E402
from oslo_utils import uuidutils  # noqa: E402
import webob  # noqa: E402
import webob.exc  # noqa: E402

from nova.api.openstack import common  # noqa: E402
from nova.api.openstack import urlmap  # noqa: E402
from nova.api.openstack import wsgi  # noqa: E402
import nova.conf  # noqa: E402
from nova import exception  # noqa: E402
from nova.network import security_group_api  # noqa: E402
from nova import objects  # noqa: E402
from nova.pci import request as pci_request  # noqa: E402
from nova.virt import hardware  # noqa: E402

SPACES = [' ', '\t', '\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\x1f', '\x85', '\xa0',
          '\u1680', '\u2000', '\u2003', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000',
          '\u180e', '\u200b', '\ufeff', '\x00', '\x7f', '\x08']
DIGITS = ['\u0661', '\u06f2', '\u0967', '\u0e53', '\uff14', '\U0001d7d8', '\U0001d7ff', '\u00b2',
          '\u2460', '\u2160', '\u4e00', '\u0bf0', '\u1369', '\U00011066', '\U0001fbf5', '\u3007']

NUMBERS = """0|1|-1|+1|00|01|-0|+0|007|1_000|1__0|_1|1_|1_0_0|+_1|-_1|--1|++1|+-1|- 1|+ 1|1 2|1.0|1.|.1
.|-.5|+.5e1|1e3|1E3|1e+3|1e-3|1e|e1|1e_3|1_0e1_0|1_.0|1._0|1.0_0|1e1.5|0x10|0b1|0o7|1L|1j|1f|1d|1,000|1'000
inf|-inf|+inf|Inf|INF|iNf|infinity|Infinity|INFINITY|+infinity|infin|infinit|infinityx|in f|nan|NaN|NAN|-nan|+nan
nan(1)|na|nanx|1e308|1.7976931348623157e308|1.7976931348623159e308|1e309|-1e309|1e400|1e-400|5e-324|2e-324
9223372036854775807|9223372036854775808|-9223372036854775808|-9223372036854775809|18446744073709551616
2147483647|2147483648|123456789012345678901234567890|0.1|0.30000000000000004|100000000000000000000000
1e16|1e15|123456789.123456789|1e22|1e23|9007199254740993|0.0001|0.00001|1e-7|None|none|null|true|True|abc
0_0|0_1|1e0|0e0|-0.0|-0e-5|12345678901234567890123456789012345678901234567890|1.5e|1.5e+|e|E|+|-|_|1+|1-|1e5_|1e_5
0x|0x1p3|0x1.8p1|1p3|infinity_|i_nf|n_an|1..2|1.2.3|\u22121|1\u066b5|\u221e""".replace('\n', '|').split('|')

BOOLS = """0|1|t|T|true|TRUE|True|tRuE|on|ON|y|Y|yes|YES|f|F|false|FALSE|off|n|N|no|NO|2|-1|00|01|1.0|0.0|tr|ye
o|enable|disable|enabled|none|None|null|truee|yess|t t|\uff11|\u0661|ye\u017f|\u017f|o\u0274|\u212a
tru\u00e9""".replace('\n', '|').split('|')

REFERENCES = """1|/1|1/|x/1|//1|//1/1|//h/1|///1|http://h/1|http://h/v2/flavors/1|HTTP://h/1|http:/1|http:1|http:///1|1?x|1#x
1?x#y|1#x?y|?1|#1|/1?a/b|/1#a/b|x/1/|a:1|a:b/1|1:1|1a:1|a1:1|+:1|a+:1|a.b-c+1:1|\u00e9:1|http://[::1]/1|http://[::1/1
http://::1]/1|//[/1|//]/1|//[x]/1|//[::1]x/1|//a[::1]/1|//[v1.x]/1|//[v1]/1|//[v.x]/1|//[vg.x]/1|//[v1.]/1|//[V1.x]/1|http://h:99999/1
http://h:abc/1|//h?/1|//h#/1|//h\\1|/%31|%31|1%20|1;x|1;x=y|/1;x|//\u2100/1|//a\u2100b/1|//\uff0f/1|//\ufe6b/1|//\uff1f/1
//\u2047/1|//\ufe13/1|//\u00e9/1|//\ufb01/1|/\uff0f1|http://user@h/1|http://user:p@h/1|http://a@b@c/1|1//|1/.|./1|../1|/|?|#
mailto:1|urn:x:1|1\\|\\1|http://\u00e9/1|javascript:1|file:///1|//[fe80::1%25eth0]/1|//[fe80::1%eth0]/1|//[fe80::1%]/1
//[::1%a%b]/1|//[1.2.3.4]/1|//[::ffff:1.2.3.4]/1|//[::1.2.3.04]/1|//[1::2::3]/1|//[:1]/1|//[1:2:3:4:5:6:7:8]/1|//[1:2:3:4:5:6:7::]/1
//[1:2:3:4:5:6:7:8:9]/1|//[12345::]/1|//[::g]/1|//[::]/1|//[]/1|x:y:1|1:|x:|:1|://1|http:|http://|http://h|http://h?1|http:?1
http:#1|a b/1|http://[::1]:80/1|http://[]/1|//a]b[/1|//][/1|//[[::1]]/1|//[::1][::2]/1|//u@[::1]/1|http://[::1]@h/1|a//b/1
11111111-1111-1111-1111-111111111111|http://h/images/11111111-1111-1111-1111-111111111111/""".replace('\n', '|').split('|')

BASE64 = """=|==|====|A|AA|AAA|AAAA|A=|AA=|AA==|AAA=|A===|AA===|AAA==|YQ==YQ==|YQ==x|YQ=x=|Y Q = =|YQ|Y=Q=|=YQ==
YQ\u00e9==|YQ==\u00e9|\u00e9|!!!!|!|-_-_|AA-_|AA!A!A|AAAA=|AAAA==|AAAA===|AAAAA|AAAAA===|AAAAAA==|0|00000|AB=C|ABC=D|AB==CD|AB==CDE
A=B=C=D=|data:;base64,YQ==|QQ%3D%3D|+/+/|////|====AAAA|AA==AA|A!=!=|aGVsbG8gd29ybGQ=|aGVsbG8gd29ybGQ|AAB=|AB==
\uff21AAA""".replace('\n', '|').split('|')

TIMES = """2016|2016-01|2016-1|201601|20160101|2016-01-01|2016-1-1|2016-01-1|2016-13|2016-00|2016-02-30|2016-01-01T|2016-01-01T10
2016-01-01 10|2016-01-01T10:00|2016-01-01T1000|2016-01-01T10:00:00|2016-01-01T100000|2016-01-01T10:00:00Z|2016-01-01T10:00:00z
2016-01-01T10:00:00+01|2016-01-01T10:00:00+01:00|2016-01-01T10:00:00+0100|2016-01-01T10:00:00-01:30|2016-01-01T10:00:00.5
2016-01-01T10:00:00,5|2016-01-01T10:00:00.123456789Z|2016-01-01T10:00:00.|2016-01-01T24:00|2016-01-01T24:00:00|2016-01-01T23:59:60
2016-01-01T23:60|2016-W01|2016-W01-1|2016W011|2016-001|2016001|0000|0001|9999|10000|-2016|+2016|2016Z|2016-01Z|2016-01-01Z
2016-01-01+01:00|2016-01-01T10:00:00+24:00|2016-01-01T10:00:00+23:59|2016-01-01T10:00:00+23:60|2016-01-01T10:00:00+99:99
2016-01-01T10:00:00-00:00|2016-01-01T10:00:00-00:30|2016-01-01T10:00:00 Z|2016-01-01T10:00:00 +01:00|2016-01-01t10:00:00
2016-01-01  10:00|2016-01-01T1:00|2016-01-01T10:0|2016-01-01T10:00:0|2016-01-01T10:00:0Z|now|None|0|1|1e3|2016-01-01T10Z
2016-01-01T10+01|2016-01-01T10:00Z|2016-01-01T1000Z|2016-01-01T10:00:00UTC|2016/01/01|01-01-2016|16-01-01
2016-01-01T10:00:00.999999999999999999999999999999|2016-01-01T10:00:00.9999999|2016-01-01T10:00:00.9999995|2016-01-01T10.5
2016-01-01T10:30.5
0001-01-01T00:00:00+01:00|9999-12-31T23:59:59-01:00|9999-12-31|2016-1-1T10:00:00|2016-02-29|2015-02-29|1900-02-29|2000-02-29
2016-01-32|20160132|20161301|2016010|201601011|20160101T100000Z|20160101 100000|2016-0101|201601-01|2016-01-01T10:0000
2016-01-01T1000:00|2016-01-01T10:00:00\u221201:00|2016-01-01T10:00:00+1|2016-01-01T10:00:00+010|2016-01-01T10:00:00+01:0
2016-01-01T10:00:00+01:000|2016-01-01T10:00:00ZZ|2016-01-01T10:00:00.0000001|2016-01-01T10:00:00.0000005|2016-01-01T10:00:00.1234565
2016-01-01T10:00:00.1234575|2016-1-01|2016-01-1T10|2016-1-1 1:1|1-1-1|2016-10-10T10:10:1.5|2016-10-10T10:10:1,5Z
2016-10-10T101010.5+0530""".replace('\n', '|').split('|')

STAMPS = """2016-01-01T10:00:00|2016-01-01 10:00:00|2016-01-01T10:00:00.5|2016-01-01 10:00:00.5|2016-1-1T1:1:1|2016-01-01  10:00:00.1
2016-01-0110:00:00.1|2016-01-01T10:00:60|2016-01-01T10:00:61|2016-01-01T10:00:62|2016-01-01T24:00:00|2016-02-30T10:00:00|2016-02-29T10:00:00
2016-01-01t10:00:00|2016-01-01T10:00:00.1234567|2016-01-01T10:00:00.123456|2016-01-\u0660\u0661T10:00:00
\u0662\u0660\u0661\u0666-01-01T10:00:00
2016-01-01T10:00:00.\u0665|2016-01- 1T10:00:00|2016- 1-01T10:00:00|2016-01-01T 10:00:00|0000-01-01T10:00:00|1000-01-01T10:00:00
9999-12-31T23:59:59.999999|2016-01-01T10:00:00.|2016-01-01T10:00:00.1 | 2016-01-01T10:00:00|2016-01-01T10:00|2016-01-01T10:00:00Z
2016-01-01T10:00:00.000Z|2016-01-01T10:00:00+00:00|16-01-01T10:00:00|02016-01-01T10:00:00|2016-13-01T10:00:00|2016-00-01T10:00:00
2016-01-00T10:00:00
2016-01-32T10:00:00|2016-01-01T10:60:00|2016-001-01T10:00:00|2016-01-01T010:00:00|2016-10-1T0:0:0|20160101T100000|2016-01-01
yesterday""".replace('\n', '|').split('|')

ADDRESSES = """1.2.3.4|0.0.0.0|255.255.255.255|256.1.1.1|1.2.3|1.2|1|1.2.3.4.5|01.2.3.4|1.2.3.04|1.2.3.4.|.1.2.3.4|1..2.3|0x1.2.3.4
0x01020304|16909060|4294967295|4294967296|-1|1.2.3.-4|1.2.3.4/32|1.2.3.4 | 1.2.3.4|1.2.3.4\n|1.2.3.\u0664|1.2.3.4%eth0|::|::1|1::|fe80::1
fe80::1%eth0|fe80::1%|fe80::1%a%b|FE80::ABCD|::ffff:1.2.3.4|::1.2.3.4|::1.2.3.04|1:2:3:4:5:6:7:8|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9
1::2::3|:1|1:|:::|12345::|::g|[::1]|::1/64|1:2:3:4:5:6:1.2.3.4|::0001|2001:DB8:0::1|2001:db8:0:0:1:0:0:1|2001:0db8::00ff|::ffff:0:0
0:0:0:0:0:0:0:0|1:0:0:0:0:0:0:0|0:0:0:1:0:0:0:0|64:ff9b::1.2.3.4|::ffff:102:304|1:2:3:4:5:6:7::|::2:3:4:5:6:7:8|1::3:4:5:6:7:8
::1 | ::1|\u0661::|localhost|1.2.3.4:80|a|0|00|127.1|10.0.0.0|010.0.0.1|1.2.3.0x4""".replace('\n', '|').split('|')

CIDRS = """10.0.0.0/8|10.0.0.0/0|10.0.0.0/32|10.0.0.0/33|10.0.0.0/-1|10.0.0.0/+8|10.0.0.0/ 8|10.0.0.0/8 |10.0.0.0/08|10.0.0.0/8_0|10.0.0.0/
10.0.0.0|10.1.2.3/8|10.0.0.0/255.0.0.0|10.0.0.0/0.255.255.255|10.0.0.0/255.0.255.0|10.0.0.0/255.255.255.255|10.0.0.0/0.0.0.0
10/8|10.0/16|10.0.0/24|10.0.0.0/8/8|10.0.0.0%2F8|10.0.0.0%2f8|10.0.0.0/%38|%31%30.0.0.0/8|10.0.0.0/\u0668|10.0.0.0/a|/8|/|0/0|::/0|::/128
::/129
::1|fe80::/10|fe80::1%eth0/64|2001:db8::/32|2001:DB8::/32|2001:db8::/ffff:ffff::|::ffff:10.0.0.0/104|1.2.3.4/24|256.0.0.0/8|01.2.3.4/8
1.2.3.4/0x8
0.0.0.0/0|0.0.0.0|x|10.0.0.0\\8|10.0.0.0/8\n|10.0.0.0 /8| 10.0.0.0/8|10.0.0.0/8.0|10.0.0.0/1e1|1/8|1.2.3.4.5/8|[::]/0|::/ 0|::/-1
10.0.0.0/%20|%|%zz/8""".replace('\n', '|').split('|')

ACCEPTS = """application/json|application/json; charset=utf-8|application/json;charset=utf-8|*/*|*|text/html|text/plain|text/*|application/*
text/html;level=1|text/html, application/json|application/json, text/html|application/json;q=0.9, text/html;q=0.8
text/html;q=0.8,application/json;q=0.9
*/*;q=0.1|*/*;q=0|text/html;q=0, */*|application/json;q=0,*/*|text/html;q=0|q=0.5|application|application/|/json|/|,|,,|, ,text/html
,text/html
text/html,|text/html, ,application/json|text/html;|text/html;q=1.0000|text/html;q=0.5555|text/html;q=1.1|text/html;q=1.|text/html;q=0.
text/html;q=2
text/html;q=-1|text/html;q=abc|text/html;Q=0.5|text/html; q=0.5|text/html ;q=0.5|text/html; q =0.5|text/html;q= 0.5|TEXT/HTML
Application/JSON
text/html;a=b|text/html;a="b"|text/html;a="b\\"c"|text/html;a="b|text/html;a=b;q=0.3,application/json;q=0.2|text/html;q=0.3;ext
text/html;q=0.3;ext=1
text/html;q=0.3;ext="x y"|application/xml|application/xml, */*;q=0.1|image/png
text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2|*/html|*/json|*/*;a=b|text/*;a=b|text/*;q=0.1,application/json;q=0.1
application/*;q=0.9,text/html;q=0.8|application/json text/html|application/json;version=2.1|application/vnd.openstack.compute+json
application/vnd.openstack.compute+json;version=2|application/vnd.openstack.compute+json, application/json
application/json;q=0.5,application/vnd.openstack.compute+json;q=0.6
application/json;q=0.6,application/vnd.openstack.compute+json;q=0.6|application/*;q=0.5,application/vnd.openstack.compute+json;q=0.5
text/html\t;q=0.5|text/html;\tq=0.5,\tapplication/json|application/json;q=0.001|application/json;q=0.000|text/html;q=1,application/json;q=1
application/json;q=1,text/html;q=1|text/html;q=0.5,text/html;q=0.9,application/json;q=0.7
text/html;q=0.9,text/html;q=0.1,application/json;q=0.7
text/html;a=b,text/html;q=0.2,application/json;q=0.1|text/html;charset=utf-8,application/json;q=0.1|text/plain;q=1,application/json;q=0.5
text/*;q=0.5,text/html;q=0|text/html(comment)|text/html;q=0.5(comment)|"text/html"|text/html;"a"=b|a b/html|application/json;q=0.5;q=0.6
application/json;q=0.5;q=7|;q=0.5|application/json;;q=0.5|application/json,text/html;q=0.999|*/*,text/html;q=0.999
*/*;q=0.4,text/html;q=0.3,application/json;q=0.4|**/**|*/*/*|text//html|text/html/|text /html|text/ html
application/json;q="0.5",text/html;q=0.4
application/json;q=nan|application/json;q=inf,application/vnd.openstack.compute+json
application/json;q=1_0,application/vnd.openstack.compute+json""".replace('\n', '|').split('|')

JSONS = ['nope', '', ' ', '\n\n', '{', '}', '{}', '[]', '[', '[1', '[1,', '[1,]', '[1 2]', '{"a"}', '{"a":}', '{"a":1', '{"a":1,',
         '{"a":1,}', '{"a" 1}', '{a:1}', "{'a':1}", '{"a":1 "b":2}', '"abc', '"a\nb"', '"a\\x"', '"a\\u12"', '"a\\u12g4"', '"a\\ud800"',
         '"\\ud800\\u12"', '"\\ud800\\u12', '"\\ud800\\udc00"', '"\\udc00"', '"\\udc00\\ud800"', '"\\ud800\\ud800\\udc00"', 'nul', 'null',
         'true',
         'tru', 'false', 'NaN', 'Infinity', '-Infinity', '-Infinit', '-I', 'Inf', '-NaN', '-', '-1', '+1', '01', '1.', '.5', '1e', '1e5',
         '1E400', '-0',
         '-0.0', '1.5.5', '{"a":1}x', '{"a":1} x', '1 2', '\ufeff{}', '{"a":1}\x00', '\x00', '"\\', '"\\u', '"\\u1', '"\\u1234', '"a\\',
         '{"a\n":1}',
         '{"a":1,\n"b":x}', '{\n"a"\n:\n}', '{"a":[1,2,{"b":[}]}', '[nan]', '[inf]', '["a",]', '[,]', '{,}', '{"a":1,,}', '{1:2}',
         '\u2028{}',
         '\xa0{}', '"\t"', '"\x1f"', '"\x7f"', '/**/{}', '{}//', '{"a":"\xe9\n"}', '{"\xe9":\xe9}', '"\U0001f600" x',
         '{"a":"b"\n,\r\n"c" "d"}',
         '{"a":1,"a":2}', '[1.5, 2.]', '[1.e5]', '[-]', '[-a]', '[--1]', '[0x10]', '[00]', '[1_0]', '["\\ud83d\\ude00"]', '["\\uD83D"]',
         '["\\u"]',
         '["\\U0041"]', '["\\/"]', '[True]', '[None]', 'nulll', '{"a":tru}', '{"":1}', '{"a":1}}', '[]]', '{"a":1]', '[1}', '[undefined]',
         '[NaNN]',
         '1' * 4300, '1' * 4301, '-' + '1' * 4301, '1' * 5000 + '.0', '[' * 300 + ']' * 300, '{"a":' * 50 + '1' + '}' * 50,
         '"' + '\\u00e9' * 10 + '"',
         '{"a": {"b": [1, 2.5, "c", null, true]}, "d": -1.5e-3}', '[1e16, 1e-5, 123456789012345678901234567890, 0.1, 1e22, 1e23, 5e-324]',
         '["\\b\\f\\n\\r\\t\\"\\\\"]', '"\'"', '"\\u0000"', '"\x80\x9f\xad"', ' [ 1 , 2 ] ', '\t{ "a" : 1 }\r\n', '\x0c1', '1\x0b',
         '{"a":1,"b":2,"a":3}']

UUIDS = """8d0cddb2-ff68-4a80-ae8c-e167b128ff26|8d0cddb2ff684a80ae8ce167b128ff26|{8d0cddb2-ff68-4a80-ae8c-e167b128ff26}
urn:uuid:8d0cddb2-ff68-4a80-ae8c-e167b128ff26|8D0CDDB2-FF68-4A80-AE8C-E167B128FF26|8d0cddb2-ff68-4a80-ae8c-e167b128ff2
8d0cddb2-ff68-4a80-ae8c-e167b128ff26 |8d0cddb2-ff68-4a80-ae8c-e167b128ff2g|{{8d0cddb2-ff68-4a80-ae8c-e167b128ff26}}
{8d0cddb2-ff68-4a80-ae8c-e167b128ff26|urn:8d0cddb2-ff68-4a80-ae8c-e167b128ff26|uuid:8d0cddb2-ff68-4a80-ae8c-e167b128ff26
URN:UUID:8d0cddb2-ff68-4a80-ae8c-e167b128ff26|8-d-0cddb2ff684a80ae8ce167b128ff26|8d0cddb2-ff68-4a80-ae8curn:-e167b128ff26
8d0cddb2--ff68-4a80-ae8c-e167b128ff26|1111-1111-1111-1111-1111-1111-1111-1111|x|-|{}|11111111111111111111111111111111
0x111111111111111111111111111111
1_111111111111111111111111111111|+1111111111111111111111111111111| 1111111111111111111111111111111|\u0661111111111111111111111111111111
111111111111111111111111111111\u0661\u0661|8d0cddb2{ff684a80ae8ce167b128ff26}
}8d0cddb2ff684a80ae8ce167b128ff26{|None""".replace('\n', '|').split('|')

VERSIONS = ['compute 2.10', 'compute\t2.10', 'compute  2.10', 'compute \t 2.10', '\tcompute 2.10', 'compute 2.10\t', 'COMPUTE 2.10',
            'compute2.10',
            'compute', 'compute ', '2.10', 'compute 2.10 x', 'compute 2.1 0', 'identity 3, compute 2.10', 'identity 3,compute 2.10',
            'identity 3,\tcompute\t2.10', 'compute 2.10,compute 2.20', 'compute 2.10, compute', 'compute 2.20,volume 3.1', 'compute latest',
            'compute LATEST', 'compute 2.010', 'compute 02.10', 'compute 2.', 'compute .1', 'compute 2', 'compute 2.0', 'compute 1.1',
            'compute 3.1',
            'compute 2.999', 'compute 99999999999999999999.1', 'compute 2.99999999999999999999', 'compute -2.1', 'compute +2.1',
            'compute\xa02.10',
            'compute \xa02.10', 'compute 2.10\xa0', 'compute\x852.10', 'compute \xb22.1', 'compute 2.\xb2', '', ',', ' ', ',,',
            'compute 2.10;q=1',
            'nova 2.10', 'compute=2.10', 'compute: 2.10', 'compute 2.10,', 'compute 2.10,,', ',compute 2.10', 'compute 2.104',
            'compute 2.105',
            'compute 2.1\x0b', 'compute\x0b2.10', 'compute\x0c2.10', 'compute\x1c2.10', 'compute \x1c2.10\x1f', 'compute \xe9',
            'c\xf6mpute 2.10']


SIZES = """1|0|4|2048|1KB|1kB|1K|1KiB|1Kib|1Kb|1kb|1B|1b|1bit|1bits|1MB|2MB|2MiB|2Mb|2Mbit|1GB|1.5GB|.5GB|1.GB|1..5GB|-1GB|+1GB|--1GB|1TB
1PB|1EB|1ZB|1YB|1RB|1QB
any|large|small|Any|LARGE|01|007|+1|-1|1_0|1 GB|GB|B|b|1e3B|1e3|0B|1Gi|1GiB/s|1g|1gB|infB|nanB|0x10B|1KBB|8b|7b|9b|1023B|1025B|0.1KB
0.0001B|16777216TB|1.0|1,5GB
\u0661KB|\uff11KB|1\u0661KB|\uff12\uff10\uff14\uff18|1KB\u0660""".replace('\n', '|').split('|')

CPUS = """0|1|0-3|0,1|0-3,^2|^0|^0-1|0-3,^1-2|3-0|-|-1|1-|1--2|1-2-3|^|^^1|a|0-a|a-0|0,a|,|,,|0,,1| 0 | 0 - 3 |0 -3,^ 1|^ 1-2|0;1|0 1|1.0
1-1|0x1|+1|+1-+3|1_0
1-1_2|01|00-03|^-1|^1-|^a|^1-a|0-3,^9|5-7,0|0,0,0|\u0661-\u0663|\uff11|1\xa0-\xa03|0\x1c-\x1c3|0-3,^\u0661|'|"|0'|0"|0\\|0\u00e9|0\u200b
1e1|None|0-31|^0-31|0-99|10000|-5--1""".replace('\n', '|').split('|')

COUNTS = """1|2|0|-1|01|+1|1 | 1|1.0|a|None|True|1_0|\u0661|\uff11|-0|00|1e1|0x1|16|1\n|-01
2147483648|99999999999999999999|--1""".replace('\n', '|').split('|')

ALIASES = """a:1|a:2,b:1|a:0|a:-1|a:x|a|a:|:1|:|a:1:2|c:1|a:1,|,a:1|a:1,c|c|a :1| a:1|a: 1|a:1 |a:+1|a:01|a:1_0|a:\u0661|a:\uff11|a:1.0
a\t:1|a\u00a0:1|a:1\u2003|a\x1c:1|a:\x1c1|A:1
a:1, b:2|a:1;b:2|c:x|x:|a:99999|a:1,a:1""".replace('\n', '|').split('|')

VALUES = ['0', '1', '-1', '2', '1.0', '0.0', '-0.0', '1.5', '-1.5', '1e3', '1E400', '-1e400', 'NaN', 'Infinity', '-Infinity', 'true',
          'false', 'null', '[]', '[1]', '{}', '{"a":1}',
          '""', '"1"', '" 1 "', '"1.0"', '"true"', '"True"', '"TRUE "', '"no"', '"x"', '"1_0"', '"\\u0661"', '"\\uff11"', '"\\ud800"',
          '"1\\ud800"', '"\\u0000"', '"1\\u0000"', '"nan"',
          '"inf"', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '123456789012345678901234567890', '1e22', '1e23',
          '0.1', '1e-7', '1e16', '123456789.5',
          '"+1"', '"-1"', '"--1"', '"on"', '"off"', '"t"', '"f"', '"y"', '"n"', '"yes"', '"\\u2003yes"', '"\\u001cyes"', '"\\u001c1"',
          '"\\u200b1"', '"1\\n"', '"\\t1"', '2147483648', '-0', '"-0"',
          '"0x1"', '"1e3"', '"0b1"', '"\'"', '"\\""', '"\\\\"', '"a\\nb"', '"\\u00e9"', '"\\u007f"', '"\\u00ad"', '"\\ud83d\\ude00"',
          '"\\u2028"', '[true,"x",1.0]', '{"a":{"b":[null]}}']

QUERIES = """a=1|a=1&b=2|a=1;b=2|a|a=|=1|=|&|&&|;|a=1&a=2|a=%20|a=+|a=%2B|a=%zz|a=%2|a=%|a=%C3%A9|a=%c3%a9|a=%E9|a=%ff|%61=1|a%3D1|a=b=c
a=1&&b=2|a=1&;b=2|a;b|a=%00|a=1%0A|a=%26|a=%3B
+a=1|a+b=c+d|%=%|a=%u0041|a=%C3%28|a=%ED%A0%80|a=%F0%9F%98%80|limit=1&marker=x|limit=%31|changes-since=2016-01-01T00:00:00%2B01:00
changes-since=2016-01-01T00:00:00+01:00|a[]=1|a.b=1|a=1?b=2
a=/%2F|A=1&a=2|a==|a=%25%32%30|a%00=1|a=1#b|a=\u00e9|\u00e9=1""".replace('\n', '|').split('|')

STRPTIMES = """2016-01-01 10:00:00|2016-01-01 10:00:00.5|2016-01-01T10:00:00|2016-1-1 1:1:1|2016-01-01  10:00:00|2016-01-01 10:00
2016-01-01|2016-02-30 10:00:00|2016-01-01 24:00:00|2016-01-01 10:00:60
2016-01-01 10:00:61|2016-01-01 10:00:00.1234567|2016-01-01 10:00:00.|2016-01-01 10:00:00 | 2016-01-01 10:00:00|0001-01-01 00:00:00
9999-12-31 23:59:59|10000-01-01 00:00:00|2016-001-01 10:00:00
2016-01-01\xa010:00:00|2016-01-01\t10:00:00|\u0662\u0660\u0661\u0666-01-01 10:00:00|2016-01-\u0660\u0661 10:00:00|now|None
2016-01-01 10:00:00+00:00|2016-01-01 10:00:00.\u0665|2016-13-01 10:00:00""".replace('\n', '|').split('|')

FULLWIDTH = {ord('0') + n: 0xff10 + n for n in range(10)}
ARABIC = {ord('0') + n: 0x660 + n for n in range(10)}
CHANGES = [
    lambda s: ' ' + s, lambda s: s + ' ', lambda s: '\n' + s, lambda s: s + '\n', lambda s: s + '\r\n', lambda s: '\u3000' + s + '\u3000',
    lambda s: '\xa0' + s,
    lambda s: s + '\x1c', lambda s: '\x85' + s, lambda s: '\u200b' + s, lambda s: '\ufeff' + s, lambda s: s + '\x00',
    lambda s: '\x00' + s, lambda s: s + '\ud800', lambda s: '\udfff' + s,
    lambda s: '+' + s, lambda s: '-' + s, lambda s: '_'.join(s), lambda s: s.replace('0', '_0'), lambda s: s.upper(), lambda s: s.lower(),
    lambda s: s.swapcase(),
    lambda s: s.translate(FULLWIDTH), lambda s: s.translate(ARABIC), lambda s: s + s, lambda s: s * 20, lambda s: '0' * 50 + s,
    lambda s: s[::-1], lambda s: s + '0' * 100,
    lambda s: s[:-1], lambda s: s[1:], lambda s: '"' + s + '"', lambda s: s + '=', lambda s: s + '%', lambda s: s + '\U0001f600',
    lambda s: s + 'e1', lambda s: s + '.0', lambda s: s + 'Z',
]
OPTIONS = argparse.Namespace(seed='', rows=0)


class Table(object):
    def __init__(self, name, given, alphabet, count=600, accepts=lambda s: len(s) < 400):
        self.rng = random.Random(name + OPTIONS.seed)
        self.name = name
        self.inputs = list(dict.fromkeys(given))
        count = OPTIONS.rows or count
        systematic = [change(s) for change, s in itertools.product(CHANGES, self.inputs)]
        self.rng.shuffle(systematic)
        seen = set(self.inputs)

        def add(s):
            if s not in seen and accepts(s):
                seen.add(s)
                self.inputs.append(s)
        for s in systematic[:max(0, count - len(self.inputs)) // 2]:
            add(s)
        while len(self.inputs) < count:
            add(self.changed(self.rng.choice(given), alphabet))

    def changed(self, s, alphabet):
        for _ in range(self.rng.choice([1, 1, 2])):
            at = self.rng.randrange(len(s) + 1)
            kind = self.rng.randrange(4)
            if kind == 0:
                s = s[:at] + self.rng.choice(alphabet) + s[at:]
            elif kind == 1:
                s = s[:at] + s[at + 1:]
            elif kind == 2:
                s = s[:at] + self.rng.choice(alphabet) + s[at + 1:]
            else:
                s = self.rng.choice(alphabet) + s + self.rng.choice(alphabet + [''])
        return s

    def write(self, directory, result):
        with open(os.path.join(directory, self.name + '.json'), 'w') as f:
            rows = [json.dumps([s, result(s)]) for s in self.inputs]
            f.write('[\n' + ',\n'.join(rows) + '\n]\n')


def worded(function):
    """Return the text of a ValueError as the result."""
    def result(s):
        try:
            return function(s)
        except ValueError as e:
            return {'error': str(e)}
    return result


def raising(function):
    """Return the class of an exception as the result."""
    def result(s):
        try:
            return function(s)
        except Exception as e:
            return {'raises': type(e).__name__}
    return result


def attempt(function, *exceptions):
    def result(s):
        try:
            return function(s)
        except exceptions or (ValueError, TypeError):
            return None
    return result


def moment(s):
    """Return microseconds since 1970 in UTC."""
    t = timeutils.parse_isotime(s)
    delta = t.replace(tzinfo=None) - datetime.datetime(1970, 1, 1) - t.utcoffset()
    return delta // datetime.timedelta(microseconds=1)


def stamp(s):
    """Return what the API of usages reads."""
    for form in ('%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f', '%Y-%m-%d %H:%M:%S.%f'):
        try:
            return timeutils.parse_strtime(s, form).isoformat(timespec='microseconds')
        except (TypeError, ValueError):
            pass
    return None


def address(s):
    """Return the version that jsonschema's formats accept, and netaddr's form."""
    a = ipaddress.ip_address(s)
    if getattr(a, 'scope_id', None):
        return None
    return [a.version, str(netaddr.IPAddress(s))]


def cidr(s):
    """Return the range, or the name of the exception."""
    try:
        return security_group_api.parse_cidr(s)
    except Exception as e:
        return {'raises': type(e).__name__}


def decoded(s):
    try:
        return {'repr': repr(jsonutils.loads(s.encode('utf-8', 'surrogatepass')))}
    except UnicodeDecodeError:
        return None
    except ValueError as e:
        return {'error': str(e)}


def page(s):
    """Return the types of webob's error pages and of Nova's answers."""
    request = webob.Request.blank('/', accept=s)
    kinds = []
    webob.exc.HTTPNotFound()(request.environ, lambda status, headers: kinds.append(dict(headers)['Content-Type']))
    try:
        best = urlmap.Accept(s).best_match(['application/json', 'application/vnd.openstack.compute+json'])[0]
    except (StopIteration, TypeError):  # the process then has no answer; this project has the default
        best = 'application/json'
    return [kinds[0], best or 'application/json']


def version(s):
    request = wsgi.Request.blank('/', headers={'OpenStack-API-Version': s})
    try:
        request.set_api_version_request()
    except (exception.InvalidAPIVersionString, exception.InvalidGlobalAPIVersion) as e:
        return {'error': e.format_message()}
    return request.api_version_request.get_string()


def flavor(**specs):
    return objects.Flavor(vcpus=4, memory_mb=1024, extra_specs={k.replace('__', ':'): v for k, v in specs.items()})


NO_IMAGE = objects.ImageMeta.from_dict({})


def cpus(s):
    """Return the numbers, or Nova's error."""
    try:
        return sorted(hardware.parse_cpu_spec(s))
    except exception.Invalid as e:
        return {'error': e.format_message()}


def page_size(s):
    size = hardware._get_numa_pagesize_constraint(flavor(hw__mem_page_size=s), NO_IMAGE)
    return size if size is None else int(size)


def nodes(s):
    return str(hardware._get_numa_node_count_constraint(flavor(hw__numa_nodes=s), NO_IMAGE))


def devices(s):
    return [[r.alias_name, r.count] for r in pci_request._translate_alias_to_requests(s)]


def integer(s):
    """Return what int makes of a JSON value."""
    return str(int(jsonutils.loads(s)))


def floating(s):
    return json.dumps(float(jsonutils.loads(s)))


def boolean(s):
    return strutils.bool_from_string(jsonutils.loads(s), strict=True)


def parameters(s):
    """Return the parameters in the form of parse_qs; null for text that is not UTF-8."""
    request = wsgi.Request.blank('/', environ={'QUERY_STRING': s.encode('utf-8', 'surrogatepass').decode('latin-1')})
    try:
        return request.GET.dict_of_lists()
    except UnicodeDecodeError:
        return None


def audited(s):
    """Return what the API of the usage audit reads in a path, whose bytes are characters of Latin-1."""
    s = s.encode('utf-8', 'surrogatepass').decode('latin-1').removesuffix('\n')
    if '.' in s:
        return str(datetime.datetime.strptime(s, '%Y-%m-%d %H:%M:%S.%f'))
    return str(datetime.datetime.strptime(s, '%Y-%m-%d %H:%M:%S'))


def is_json(s):
    try:
        jsonutils.loads(s)
    except (ValueError, RecursionError):
        return False
    return len(s) < 400


def is_header(s):
    return len(s) < 400 and not re.search('[^\x01-\x09\x0b\x0c\x0e-\xff]', s)


def main(directory):
    objects.register_all()
    nova.conf.CONF.set_override('alias', [json.dumps({'name': n, 'vendor_id': '8086', 'product_id': '0443'}) for n in 'ab'], group='pci')
    text = list('0123456789+-._eExn') + SPACES + DIGITS + ['\xe9', '\ud800']
    Table('int', NUMBERS, text).write(directory, worded(lambda s: str(int(s))))
    Table('float', NUMBERS, text).write(directory, attempt(lambda s: json.dumps(float(s))))
    Table('bool', BOOLS, list('01tfynoeTFYNO') + SPACES + DIGITS).write(
        directory, attempt(lambda s: strutils.bool_from_string(s, strict=True)))
    Table('reference', REFERENCES, list('/?#@:[]%.;a1v+') + SPACES + ['\xe9', '\u2100', '\uff0f']).write(
        directory, attempt(common.get_id_from_href))
    Table('base64', BASE64, list('AQg0+/=-_! \n') + ['\xe9', '\x00']).write(
        directory, attempt(lambda s: binascii.hexlify(base64.decode_as_bytes(s)).decode()))
    Table('time', TIMES, list('0123456789-+:.,TZ W') + ['\n', '\t', '\u0661', '\xa0'], 600).write(directory, attempt(moment))
    Table('stamp', STAMPS, list('0123456789-:.T ') + SPACES + ['\u0661', '\U0001d7d8', 't']).write(directory, stamp)
    Table('address', ADDRESSES, list('0123456789abcfx.:%/ ')).write(directory, attempt(address, ValueError, netaddr.AddrFormatError))
    Table('cidr', CIDRS, list('0123456789abf.:/% -+')).write(directory, cidr)
    Table('json', JSONS, list('{}[]",:\\ue01-+.tn \n') + ['\xe9', '\x1f', 'Infinity', 'NaN', '\\ud800', '\\udc00'], 600).write(
        directory, decoded)
    Table('uuid', UUIDS, list('0123456789abcdefABCDEFg-{}: ') + ['\u0661', '\n', '_', 'urn:', 'uuid:']).write(
        directory, uuidutils.is_uuid_like)
    Table('accept', ACCEPTS, list('/*;,=q01. "a'), accepts=is_header).write(directory, page)
    Table('version', VERSIONS, list('compute 2.10,\t\xa0'), accepts=is_header).write(directory, version)
    Table('intlike', NUMBERS, text).write(directory, strutils.is_int_like)
    Table('bytes', SIZES, list('0123456789.+-KMGTbBi') + SPACES + DIGITS).write(
        directory, attempt(lambda s: str(strutils.string_to_bytes(s, return_int=True))))
    Table('pagesize', SIZES, list('0123456789.+-KMGTbBi') + SPACES + DIGITS).write(directory, raising(page_size))
    Table('cpus', CPUS, list('0123456789-^, ') + SPACES + DIGITS,
          accepts=lambda s: len(s) < 400 and not re.search(r'\d{4}', s)).write(
        directory, cpus)
    Table('nodes', COUNTS, list('0123456789+-_.') + SPACES + DIGITS, 400).write(directory, raising(nodes))
    Table('alias', ALIASES, list('abc:,01 ') + SPACES + DIGITS).write(directory, raising(devices))
    Table('intvalue', VALUES, list('0123456789.-+eE"\\') + ['\\u2003', '\\u0661', '_'], accepts=is_json).write(directory, raising(integer))
    Table('floatvalue', VALUES, list('0123456789.-+eE"\\') + ['\\u2003', '\\u0661', '_'], accepts=is_json).write(
        directory, attempt(floating, TypeError, ValueError, OverflowError))
    Table('boolvalue', [s for s in VALUES if s != 'null'], list('01tfynoe"\\ ') + ['\\u2003', '\\u0661', '_'],
          accepts=lambda s: s.strip() != 'null' and is_json(s)).write(
        directory, worded(boolean))
    Table('query', QUERIES, list('ab=&;%+ 0CFe') + ['%C3', '%A9', '%00', '%F0', '\xe9'],
          accepts=lambda s: len(s) < 400 and not re.search('[\x00-\x1f #]', s)).write(
        directory, parameters)
    Table('unquote', REFERENCES + QUERIES + CIDRS, list('ab%0CF/+') + ['%C3', '%A9', '%E2%82', '%F0%9F', '%ED%A0%80', '\xe9',
    '\ud800']).write(
        directory, parse.unquote)
    Table('audit', STRPTIMES, list('0123456789-:. ') + SPACES + ['\u0661', 'T', 'Z']).write(directory, attempt(audited))


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', default='', help='a word for other random inputs')
    parser.add_argument('--rows', type=int, default=0, help='rows of each table')
    parser.add_argument('directory')
    parser.parse_args(namespace=OPTIONS)
    main(OPTIONS.directory)
