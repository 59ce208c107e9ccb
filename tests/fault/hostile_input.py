#!/usr/bin/env python3
"""Requests whose HTTP is right and whose contents are not: bodies made to nest, to grow, to take for ever; selectors, tokens,
paths and queries of nonsense. Each is refused with a Status in bounded time and memory, and nothing else notices.
VERBOSE=1 prints each attack's figures."""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import check, run  # noqa: E402
from hostile import MAPS, Target, head  # noqa: E402

MIB = 1 << 20
FULL = 3 * MIB - 1024  # just below the largest body that is read
JSON, YAML, PROTOBUF = 'application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'
PODS = '/api/v1/namespaces/default/pods'
HEAD = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},'


def fill(unit, size=FULL, before='', after=''):
    return before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def numbered(unit, size=FULL, before='', after=''):
    """As many units as fit, each with its number in the place of %d, joined by commas."""
    parts, left, i = [], size - len(before) - len(after), 0
    while left > 0:
        parts.append(unit % i)
        left -= len(parts[-1]) + 1
        i += 1
    return before + ','.join(parts[:-1]) + after


def json_bodies():
    with Target() as t:
        bad = [
            ('100,000 arrays', '[' * 100000),
            ('3 MiB of [', '[' * FULL),
            ('3 MiB of {"a":', fill('{"a":')),
            ('100,000 arrays, closed', '[' * 100000 + ']' * 100000),
            ('deep inside data', HEAD + '"data":' + '{"a":' * 100000 + '1' + '}' * 100001),
            ('deep as Go lets it be', HEAD + '"data":' + '{"a":' * 9990 + '1' + '}' * 9991),
            ('a million empty objects', fill('{},', before=HEAD + '"data":[', after='{}]}')),
            ('a million empty arrays', fill('[],', before='[', after='[]]')),
            ('a million numbers', fill('1,', before='[', after='1]')),
            ('1e400', HEAD + '"data":{"a":1e400}}'),
            ('number of 3 MiB', '{"a":' + '9' * FULL + '}'),
            ('exponent of 3 MiB', '{"a":1e' + '9' * (FULL - 10) + '}'),
            ('fraction of 3 MiB', '{"a":0.' + '0' * (FULL - 10) + '1}'),
            ('quantity of 3 MiB', '{"apiVersion":"v1","kind":"Node","metadata":{"name":"x"},"status":{"capacity":{"cpu":"%s"}}}' %
             ('9' * (FULL - 200))),
            ('quantity with a large exponent',
             '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i",'
             '"resources":{"limits":{"cpu":"1e999999999999x"}}}]}}'),
            ('bad UTF-8 as a name', b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\xff\xfe\xc0\x80"}}'),
            ('NUL bytes', HEAD.encode() + b'"data":{"a":"\0\0"}}'),
            ('only NULs', b'\0' * FULL),
            ('escaped NUL as a name', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a\\u0000b"}}'),
            ('escaped NUL as a kind', '{"apiVersion":"v1","kind":"Config\\u0000Map","metadata":{"name":"a"}}'),
            ('kind of 3 MiB', '{"apiVersion":"v1","kind":"%s","metadata":{"name":"a"}}' % ('x' * (FULL - 99))),
            ('name of 3 MiB', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"}}' % ('x' * (FULL - 99))),
            ('string without an end', '{"a":"' + 'x' * FULL),
            ('escapes without an end', '{"a":"' + '\\u' * (FULL // 2)),
            ('lone surrogates', fill('\\ud800', before='{"kind":"', after='"}')),
            ('empty', ''), ('null', 'null'), ('a number', '1'), ('a string', '"x"'), ('an array', '[]'),
        ]
        for name, body in bad:
            where = '/api/v1/nodes' if '"Node"' in str(body[:99]) else PODS if '"Pod"' in str(body[:99]) else MAPS
            t.refused('JSON: ' + name, 'POST', where, body)
        t.refused('JSON: 3 MiB and a byte', 'POST', MAPS, ' ' * (3 * MIB + 1), codes=[413])
        for name, body in (('same key for ever', fill('"a":1,', before='{', after='"a":1}')),
                           ('long keys repeated', '{"%s":{%s"a":1}}' % ('k' * MIB, '"a":1,' * 300000)),
                           ('duplicate keys', HEAD + '"kind":"ConfigMap","data":{"a":"1","a":"2"}}'),
                           ('unknown fields', numbered('"f%d":1', before='{"apiVersion":"v1","kind":"ConfigMap",', after='}'))):
            t.refused('strict JSON: ' + name, 'POST', MAPS + '?fieldValidation=Strict', body)


def json_objects():
    """Shapes that meet loops over their own items."""
    pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"%s},"spec":{"containers":[%s]%s}}'
    container = '{"name":"c","image":"i"}'

    def long_pod(unit, meta='', spec='', inside=''):
        mark = '\1'
        text = pod % (meta or '', inside or container, spec or '')
        before, after = text.split(mark)
        return numbered(unit, before=before, after=after)

    slice_head = ('{"apiVersion":"resource.k8s.io/v1","kind":"ResourceSlice","metadata":{"name":"x"},"spec":{"devices":[{"name":"d",'
                  '"attributes":{"%s":{' % ('k' * MIB))
    with Target() as t:
        for name, body in (
                ('owners that all control', long_pod('{"apiVersion":"v1","kind":"A","name":"n","uid":"%d","controller":true}',
                                                     meta=',"ownerReferences":[\1]')),
                ('bad finalizers', long_pod('"%d"', meta=',"finalizers":[\1]')),
                ('bad labels', long_pod('"%d/ /":"!"', meta=',"labels":{\1}')),
                ('bad annotations', long_pod('"%d/ /":"!"', meta=',"annotations":{\1}')),
                ('bad containers', long_pod('{"name":"!%012d"}', inside='\1'))):
            t.refused('Pod: ' + name, 'POST', PODS, body, codes=[400, 413, 422])
        for name, body in (
                ('one container many times', long_pod('{"name":"c","image":"i","terminationMessagePath":"%d"}', inside='\1')),
                ('environment of nothing', long_pod('{"name":"=%d"}', inside='{"name":"","env":[\1]}')),
                ('ports of one number', long_pod('{"containerPort":1,"name":"%d"}', inside='{"name":"","ports":[\1]}')),
                ('volumes of one name', long_pod('{"name":"v","emptyDir":{"sizeLimit":"%d"}}', spec=',"volumes":[\1],"restartPolicy":"x"')),
                ('tolerations', long_pod('{"key":"!%d"}', spec=',"tolerations":[\1],"restartPolicy":"x"'))):
            t.handled('Pod: ' + name, 'POST', PODS, body.replace('"name":"x"', '"generateName":"x"', 1))
        for name, body in (
                ('unknown fields below a long key', numbered('"f%d":1', before=slice_head, after='}}}]}}')),
                ('a value of the wrong type below a long key', slice_head + '"int":"x"}}}]}}')):
            t.refused('ResourceSlice: ' + name, 'POST', '/apis/resource.k8s.io/v1/resourceslices?fieldValidation=Strict', body)


def yaml_bodies():
    head_y = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n'
    laughs = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n' + ''.join(
        'a%d: &a%d [%s]\n' % (i, i, ','.join(['*a%d' % (i - 1)] * 10)) for i in range(1, 12))
    with Target() as t:
        for name, body in (
                ('alias bomb', laughs),
                ('alias bomb of maps', 'a0: &a0 {x: 1, y: 1}\n' + ''.join(
                    'a%d: &a%d {%s}\n' % (i, i, ','.join('k%d: *a%d' % (k, i - 1) for k in range(10))) for i in range(1, 12))),
                ('long string aliased', 'a: &a "%s"\nb: [%s]\n' % ('x' * MIB, ','.join(['*a'] * 500000))),
                ('long string aliased often enough', 'a: &a "%s"\nb: [%s]\n' % ('x' * (2 * MIB), ','.join(['*a'] * 900))),
                ('long key merged', 'a: &a {"%s": 1}\nb:\n  <<: [%s]\n' % ('x' * MIB, ','.join(['*a'] * 500000))),
                ('merge bomb', 'a0: &a0 {%s}\n' % ','.join('k%d: v' % i for i in range(2000)) + ''.join(
                    'a%d: &a%d {<<: *a%d, n%d: *a%d}\n' % (i, i, i - 1, i, i - 1) for i in range(1, 30))),
                ('anchor in itself', 'a: &a [*a]\n'),
                ('anchor in itself, map', '&a {x: *a}\n'),
                ('merge of itself', 'a: &a {<<: *a}\n'),
                ('unknown anchor', 'a: *b\n'),
                ('anchors without end', ''.join('- &a%d x\n' % i for i in range(200000))),
                ('3 MiB of [', '[' * FULL), ('3 MiB of {', '{' * FULL), ('3 MiB of {a: ', fill('{a: ')),
                ('3 MiB of - ', fill('- ')), ('3 MiB of ? ', fill('? ')), ('3 MiB of &a ', fill('&a ')),
                ('3 MiB of "a": ', fill('a: ')), ('3 MiB of [a, ', fill('[a, ')),
                ('3 MiB of a:\\n and blanks', ''.join('%sa:\n' % (' ' * i) for i in range(2300))),
                ('3 MiB of !!', fill('!!')), ('3 MiB of *', fill('*')), ('3 MiB of %', fill('%')),
                ('3 MiB of blanks and a colon', ' ' * FULL + ':'), ('3 MiB of comments', fill('#\n')),
                ('3 MiB of ---', fill('---\n', after='[')), ('3 MiB of quotes', '"' + '\n' * FULL),
                ('3 MiB of \\', '"' + '\\' * FULL), ('3 MiB of |', '|\n' + fill(' \n')),
                ('tag directives', ''.join('%%TAG !%d! x\n' % i for i in range(200000)) + '---\n[1, 2\n'),
                ('tag directives and tags', ''.join('%%TAG !%d! x\n' % i for i in range(50000)) + '---\n[' + '!49999!a b,' * 100000),
                ('a million empty maps', head_y + fill('- {}\n')),
                ('a million keys', ''.join('%d:\n' % i for i in range(350000))),
                ('infinity', head_y + '  a: .inf\n'),
                ('bad UTF-8', head_y.encode() + b'  a: \xff\xfe\n'),
                ('half a UTF-16', b'\xff\xfea'),
                ('NUL bytes', head_y.encode() + b'  a: \0\n'),
                ('bad base64', head_y + '  a: !!binary "***"\n')):
            t.refused('YAML: ' + name, 'POST', MAPS, body, YAML)
        t.refused('strict YAML: the same key', 'POST', MAPS + '?fieldValidation=Strict', head_y + '  a: b\n' * 300000, YAML)


def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def piece(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def envelope(raw, kind=b'Pod', version=b'v1'):
    return b'k8s\0' + piece(1, piece(1, version) + piece(2, kind)) + piece(2, raw)


def protobuf_bodies():
    rng = random.Random(1)
    crd = b'apiextensions.k8s.io/v1'
    nested = b''
    for _ in range(5000):
        nested = piece(15, nested)  # JSONSchemaProps.not
    names = piece(1, piece(1, b'x'))
    with Target() as t:
        for name, body in (
                ('no prefix', b'x' * 1000), ('prefix alone', b'k8s\0'), ('nothing', b''),
                ('length of 2^63', b'k8s\0\x12' + b'\xff' * 8 + b'\x7f'),
                ('varint without end', b'k8s\0' + b'\xff' * FULL),
                ('garbage', b'k8s\0' + rng.randbytes(FULL)),
                ('garbage inside', envelope(rng.randbytes(MIB))),
                ('groups', envelope(b'\x0b' * MIB)),
                ('a million containers', envelope(names + piece(2, b'\x12\x00' * (FULL // 2 - 100)))),
                ('a million envelopes', b'k8s\0' + b'\x0a\x00' * (FULL // 2)),
                ('a million kinds', b'k8s\0' + piece(1, b'\x12\x00' * (FULL // 2 - 100))),
                ('a million metadata', envelope(b'\x0a\x00' * (FULL // 2 - 100))),
                ('a million labels', envelope(piece(1, b'\x5a\x00' * (FULL // 2 - 100)))),
                ('a million finalizers', envelope(piece(1, b'\x72\x01/' * (FULL // 3 - 100)))),
                ('bad UTF-8', envelope(piece(1, piece(1, b'\xff\xfe')))),
                ('NUL in a name', envelope(piece(1, piece(1, b'a\0b'))))):
            t.refused('protobuf: ' + name, 'POST', PODS, body, PROTOBUF)
        where = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
        version = piece(1, b'v1') + piece(4, piece(1, nested))
        t.refused('protobuf: schema that nests', 'POST', where,
                  envelope(names + piece(2, piece(7, version)), b'CustomResourceDefinition', crd), PROTOBUF)
        event = envelope(names + piece(2, b''), b'Nonsense')
        t.refused('protobuf: another kind', 'POST', PODS, event, PROTOBUF)


def patches():
    with Target() as t:
        check(t.request('POST', MAPS, HEAD + '"data":{"a":"b"}}')[0] == 201, 'cannot create')
        deployment = {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'x'}, 'spec': {
            'selector': {'matchLabels': {'a': 'b'}}, 'template': {'metadata': {'labels': {'a': 'b'}}, 'spec': {
                'containers': [{'name': 'c', 'image': 'i'}]}}}}
        where = '/apis/apps/v1/namespaces/default/deployments'
        check(t.request('POST', where, json.dumps(deployment))[0] == 201, 'cannot create')
        kinds = ('application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json')
        for kind in kinds:
            for name, body in (('3 MiB of [', '[' * FULL), ('3 MiB of {"a":', fill('{"a":')), ('no JSON', 'x'), ('an array of arrays', '[[]]'),
                               ('NULs', b'\0' * 100), ('a number', '7')):
                t.refused('%s: %s' % (kind[12:], name), 'PATCH', MAPS + '/x', body, kind)
        double = [{'op': 'add', 'path': '/data/a', 'value': 'x' * MIB}] + [
            {'op': 'copy', 'from': '/data', 'path': '/data/c%d' % i} for i in range(60)]
        many = [{'op': 'test', 'path': '/kind', 'value': 'ConfigMap'}] * 20000
        grow = [{'op': 'add', 'path': '/l', 'value': list(range(200000))}] + [
            {'op': 'move', 'from': '/l/199999', 'path': '/l/0'}] * 9000
        deep = [{'op': 'add', 'path': '/a' * 100000, 'value': 1}]
        for name, ops in (('copies of copies', double), ('20,000 operations', many), ('moves in a long list', grow), ('a long path', deep),
                          ('unknown operations', [{'op': 'x'}] * 9999)):
            t.refused('json patch: ' + name, 'PATCH', MAPS + '/x', json.dumps(ops), kinds[0])
        spec = '{"spec":{"template":{"spec":{%s}}}}'
        for name, body in (
                ('containers without a key', spec % fill('{},', size=FULL - 99, before='"containers":[', after='{}]')),
                ('containers without images', spec % numbered('{"name":"!%012d"}', size=FULL - 99, before='"containers":[', after=']')),
                ('deletes', spec % numbered('{"$patch":"delete","name":"%d"}', size=FULL - 99, before='"containers":[', after=',{"name":"c","image":null,"ports":"x"}]')),
                ('unknown directives', spec % fill('{"$patch":"x"},', size=FULL - 99, before='"containers":[', after='{}]')),
                ('order', spec % numbered('{"name":"%d"}', size=FULL - 99, before='"containers":[{"name":"q"}],"$setElementOrder/containers":[',
                                          after=']'))):
            t.refused('strategic: ' + name, 'PATCH', where + '/x', body, kinds[2], codes=range(400, 501))
        t.refused('merge patch: a million members', 'PATCH', MAPS + '/x',
                  numbered('"%d":1', before='{"data":{', after='}}'), kinds[1])


def queries():
    long_one = 'x' * 60000
    with Target() as t:
        for name, query in (
                ('label selector of brackets', 'labelSelector=' + '(' * 60000),
                ('label selector of commas', 'labelSelector=' + ',' * 60000),
                ('long label', 'labelSelector=' + long_one),
                ('many requirements', 'labelSelector=' + ','.join('!a%d' % i for i in range(7000)) + ',%3D'),
                ('values without end', 'labelSelector=a+in+(' + 'b,' * 25000),
                ('percent garbage in a selector', 'labelSelector=%25%25%00%ff'),
                ('NUL in a selector', 'labelSelector=a%3D(%00'),
                ('field selector', 'fieldSelector=spec.nothing%3Dx'),
                ('field selector of backslashes', 'fieldSelector=metadata.name%3D' + '\\' * 59999),
                ('field selector of equals', 'fieldSelector=' + '%3D' * 20000),
                ('continue token of nonsense', 'continue=nonsense&limit=1'),
                ('long continue token', 'continue=' + 'A' * 60000),
                ('continue token of bytes', 'continue=%00%ff%fe'),
                ('negative limit', 'limit=-1x'), ('large limit', 'limit=99999999999999999999'),
                ('version', 'resourceVersion=x'), ('large version', 'resourceVersion=99999999999999999999999'),
                ('match', 'resourceVersion=1&resourceVersionMatch=Sometimes'),
                ('timeout', 'timeout=1y'), ('seconds', 'watch=1&timeoutSeconds=x')):
            t.refused('query: ' + name, 'GET', MAPS + '?' + query)
        for name, path in (('percent', '/api/v1/%'), ('half percent', '/api/v1/%2'), ('bad percent', '/%zz/%'),
                           ('NUL', '/api/v1/namespaces/a%00b/configmaps/x'), ('long', '/' + 'a' * 60000),
                           ('slashes', '/' * 60000), ('dots', '/../' * 15000), ('long name', MAPS + '/' + 'a' * 60000),
                           ('bytes', '/api/v1/namespaces/%ff%fe/configmaps/%c0%80'), ('many parts', '/api/v1' + '/a' * 29000)):
            with t.attack('path: ' + name):
                status = t.send(head('GET', path, b'Connection: close\r\n\r\n')).status()
                check(status is not None and 400 <= status < 500, 'answered %s' % status)
        with t.attack('a path of 70,000 bytes'):
            check(t.send(head('GET', '/' + 'a' * 70000, b'\r\n')).status() == 431, 'not 431')
        with t.attack('many parameters'):
            check(t.send(head('GET', MAPS + '?' + '&'.join(['a=b'] * 15000), b'Connection: close\r\n\r\n')).status() == 200, 'not 200')
        rng = random.Random(2)
        with t.attack('random queries', 20):
            alphabet = ['%', '&', '=', ';', '+', ',', '(', ')', '!', '%00', '%ff', '%25', 'limit', 'continue', 'watch', 'labelSelector',
                        'fieldSelector', 'in', 'notin', 'a', '1', '.', '/', '\\', '<', '>', 'resourceVersion', 'timeoutSeconds=1']
            for _ in range(500):
                query = ''.join(rng.choice(alphabet) for _ in range(rng.randrange(30)))
                if 'watch' not in query:
                    answer = t.send(head('GET', MAPS + '?' + query, b'Connection: close\r\n\r\n'))
                    check(answer.status() in (200, 400, 404, 410, 422, 504), '%r: %r' % (query, answer.data[:100]))


run(*[t for t in (json_bodies, json_objects, yaml_bodies, protobuf_bodies, patches, queries)
      if not sys.argv[1:] or t.__name__ in sys.argv[1:]])
