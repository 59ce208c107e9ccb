#!/usr/bin/env python3
"""--read-only: reads and watches of an etcd that another server writes to, and a clear answer to writes."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Failure, Server, check
from etcd import Etcd

MAPS = '/api/v1/namespaces/default/configmaps'


def main():
    with Etcd() as etcd:
        base = ['--etcd-servers=' + etcd.url, '--workers=1']
        with Server(*base, '--advertise-address=192.0.2.1') as writer:
            w = writer.api()
            check(w.create(MAPS, {'metadata': {'name': 'one'}, 'data': {'a': '1'}})[0] == 201, 'create')
            with Server(*base, '--read-only', '--advertise-address=192.0.2.9') as reader:
                r = reader.api()
                check('keeper' not in reader.children(), reader.children())
                check(r.get(MAPS + '/one')[1]['data'] == {'a': '1'}, 'get')
                for i in range(20):  # what was written is read at once
                    rv = w.patch(MAPS + '/one', {'data': {'a': str(i)}})[1]['metadata']['resourceVersion']
                    seen = r.get(MAPS + '/one')[1]
                    check(seen['data']['a'] == str(i) and seen['metadata']['resourceVersion'] == rv, seen)
                status, text = r.call('GET', MAPS + '?watch=1&resourceVersion=0&timeoutSeconds=1', raw=True)
                check(status == 200 and json.loads(text.split(b'\n')[0])['type'] == 'ADDED', text)
                before = etcd.range('/registry/configmaps/')
                for call in (lambda: r.create(MAPS, {'metadata': {'name': 'two'}}),
                             lambda: r.patch(MAPS + '/one', {'data': {'b': '2'}}),
                             lambda: r.delete(MAPS + '/one'), lambda: r.delete(MAPS)):
                    status, st = call()
                    check(status == 403 and st['reason'] == 'Forbidden' and '--read-only' in st['message'], st)
                check(etcd.range('/registry/configmaps/') == before, 'nothing was written')
                status, review = r.create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
                                          {'spec': {'resourceAttributes': {'verb': 'get', 'resource': 'pods'}}})
                check(status == 201 and review['status']['allowed'], 'reviews are reads: %s' % review)
                check('/registry/masterleases/192.0.2.9' not in etcd.range('/registry/masterleases/'), 'no address')
    try:
        Server('--read-only').__enter__()
    except Failure as e:
        check('--read-only needs --etcd-servers' in str(e), str(e))
        return
    raise Failure('--read-only with the embedded store was taken')


main()
