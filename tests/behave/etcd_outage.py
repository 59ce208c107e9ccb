#!/usr/bin/env python3
"""etcd goes, stops answering, fills up, is compacted: what clients see meanwhile and afterwards."""
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run  # noqa: E402
from etcd import Etcd  # noqa: E402

MAPS = '/api/v1/namespaces/default/configmaps'


def config_map(name, **data):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': data}


def until(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, 'not within %d s' % seconds)
        time.sleep(0.1)


def failed(answer, codes=(500, 504)):
    """A Status that says that the store, and not the request, is what is wrong."""
    code, body = answer
    check(code in codes and body['kind'] == 'Status' and body['status'] == 'Failure' and body['message'],
          'not a clear failure: %s %s' % answer)


def a_cluster_that_is_gone():
    with Etcd() as etcd, Server('--workers=1', '--request-timeout=8s', etcd=etcd) as server:
        api = server.api()
        check(api.create(MAPS, config_map('a', x='1'))[0] == 201, 'create')
        etcd.stop(signal.SIGKILL)
        code, body = api.get(MAPS + '/a?resourceVersion=0')
        check(code == 200 and body['data'] == {'x': '1'}, 'a read of the cache: %s' % code)
        failed(api.create(MAPS, config_map('b')))
        failed(api.get(MAPS))
        code, text = api.get('/readyz')
        check(code == 500 and b'[-]etcd failed: reason withheld' in text, 'readyz: %s %s' % (code, text))
        check(api.get('/livez/ping')[0] == 200, 'livez/ping')
        etcd.start()
        until(20, lambda: api.get('/readyz')[0] == 200)
        until(20, lambda: api.create(MAPS, config_map('b'))[0] in (201, 409))
        names = [m['metadata']['name'] for m in api.get(MAPS)[1]['items']]
        check('a' in names and 'b' in names, 'after it came back: %s' % names)


def a_cluster_that_is_stopped():
    with Etcd() as etcd, Server('--workers=1', '--request-timeout=4s', etcd=etcd) as server:
        api = server.api()
        etcd.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        failed(api.create(MAPS, config_map('a')))
        failed(api.get(MAPS))
        check(time.monotonic() - began < 20, 'answers took %.1f s' % (time.monotonic() - began))
        etcd.process.send_signal(signal.SIGCONT)
        until(20, lambda: api.get(MAPS)[0] == 200)


def a_full_store():
    with Etcd('--quota-backend-bytes=%d' % (2 << 20)) as etcd, Server('--workers=1', etcd=etcd) as server:
        api = server.api()
        for i in range(200):
            answer = api.create(MAPS, config_map('m%d' % i, x='y' * 50000))
            if answer[0] != 201:
                break
        failed(answer, (500,))
        check('etcdserver: mvcc: database space exceeded' in answer[1]['message'], str(answer))
        check(len(api.get(MAPS)[1]['items']) == i, 'reads go on')


def a_compaction_while_the_watcher_sleeps():
    """The watch of a client goes on: it learns what changed and what went, and nothing twice."""
    with Etcd() as etcd, Server('--workers=1', etcd=etcd) as server:
        api, seen = server.api(), []
        for name in ('goes', 'changes', 'stays'):
            check(api.create(MAPS, config_map(name, x='1'))[0] == 201, 'create')
        version = api.get(MAPS)[1]['metadata']['resourceVersion']

        def watch():
            import http.client
            import json
            conn = http.client.HTTPSConnection('127.0.0.1', server.port, context=server.tls, timeout=60)
            conn.request('GET', MAPS + '?watch=1&resourceVersion=' + version,
                         headers={'Authorization': 'Bearer ' + server.api().token})
            r = conn.getresponse()
            while True:
                line = r.readline()
                if not line:
                    return
                e = json.loads(line)
                seen.append((e['type'], e['object']['metadata'].get('name'), int(e['object']['metadata']['resourceVersion'])))
        threading.Thread(target=watch, daemon=True).start()
        watcher = server.children()['watcher'][0]
        os.kill(watcher, signal.SIGSTOP)
        etcd.stop(signal.SIGKILL)  # or the changes would wait for it in the socket
        etcd.start()
        value = etcd.range('/registry/configmaps/default/')
        etcd.delete('/registry/configmaps/default/goes')
        for _ in range(3):
            etcd.put('/registry/configmaps/default/changes', value['/registry/configmaps/default/changes'])
        etcd.compact(etcd.revision())
        os.kill(watcher, signal.SIGCONT)
        until(30, lambda: len(seen) >= 2)
        check(api.create(MAPS, config_map('new'))[0] == 201, 'create')
        until(10, lambda: len(seen) >= 3)
        check(sorted(s[:2] for s in seen[:2]) == [('DELETED', 'goes'), ('MODIFIED', 'changes')] and
              seen[2][:2] == ('ADDED', 'new') and len(seen) == 3, str(seen))
        check([s[2] for s in seen] == sorted(s[2] for s in seen), 'revisions fall: %s' % seen)


def many_changes_at_one_revision():
    """A transaction of somebody else: every watcher sees all of it."""
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as server:
        api = server.api()
        for i in range(20):
            check(api.create(MAPS, config_map('m%d' % i))[0] == 201, 'create')
        version = api.get(MAPS)[1]['metadata']['resourceVersion']
        from etcd import b64
        ops = [{'requestDeleteRange': {'key': b64('/registry/configmaps/default/m%d' % i)}} for i in range(20)]
        etcd.call('kv/txn', {'success': ops})
        until(10, lambda: not api.get(MAPS)[1]['items'])
        for selector in ('', '&fieldSelector=metadata.name%3Dm7'):
            code, text = api.call('GET', MAPS + '?watch=1&timeoutSeconds=1&resourceVersion=' + version + selector, raw=True)
            n = text.count(b'"DELETED"')
            check(code == 200 and n == (1 if selector else 20), '%d of the deletions are seen %s' % (n, selector))


def revisions_of_others():
    """What is written beside the prefix moves the cluster on, and a consistent read still is answered at once."""
    with Etcd() as etcd, Server('--workers=1', etcd=etcd) as server:
        api = server.api()
        for _ in range(5):
            revision = etcd.put('/elsewhere', 'x')
            began = time.monotonic()
            code, body = api.get(MAPS)
            check(code == 200 and int(body['metadata']['resourceVersion']) >= revision, 'an old list: %s' % body)
            check(time.monotonic() - began < 1, 'it took %.1f s' % (time.monotonic() - began))


run(a_cluster_that_is_gone, a_cluster_that_is_stopped, a_full_store, a_compaction_while_the_watcher_sleeps,
    many_changes_at_one_revision, revisions_of_others)
