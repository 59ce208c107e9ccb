#!/usr/bin/env python3
"""Two servers on one etcd: each says where it is, one of them compacts, and what a server leaves goes with it; the same
by --endpoint-reconciler-type=master-count and none."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, until
from etcd import Etcd

LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'


def addresses(api):
    status, e = api.get('/api/v1/namespaces/default/endpoints/kubernetes')
    return [a['ip'] for s in e.get('subsets', []) for a in s['addresses']] if status == 200 else None


def slice_addresses(api):
    status, s = api.get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes')
    return [a for e in s.get('endpoints') or [] for a in e['addresses']] if status == 200 else None


def old_lease(name, renewed, labels):
    return {'metadata': {'name': name, 'labels': labels},
            'spec': {'holderIdentity': 'x', 'leaseDurationSeconds': 3600, 'renewTime': renewed}}


def identity(api):
    status, all_of = api.get(LEASES + '?labelSelector=apiserver.kubernetes.io/identity%3Dkube-apiserver')
    own = [i for i in all_of['items'] if i['metadata']['name'].startswith('apiserver-')]
    check(len(own) == 1, 'identity leases: %s' % own)
    lease = own[0]
    check(lease['spec']['holderIdentity'].startswith(lease['metadata']['name'] + '_'), lease['spec'])
    check(lease['spec']['leaseDurationSeconds'] == 3600, lease['spec'])
    check('kubernetes.io/hostname' in lease['metadata']['labels'], lease['metadata'])
    return lease['metadata']['name']


def main():
    with Etcd() as etcd:
        base = ['--etcd-servers=' + etcd.url, '--workers=1', '--etcd-compaction-interval=2s']
        with Server(*base, '--advertise-address=192.0.2.1') as one:
            a = one.api()
            until(lambda: addresses(a) == ['192.0.2.1'], 'one address')
            until(lambda: api_lease(a), 'an identity lease')
            name = identity(a)
            # what another kube-apiserver would write
            check(a.create(LEASES, old_lease('apiserver-gone', '2020-01-01T00:00:00.000000Z',
                                             {'apiserver.kubernetes.io/identity': 'kube-apiserver'}))[0] == 201, 'create')
            check(a.create(LEASES, old_lease('other-gone', '2020-01-01T00:00:00.000000Z', {}))[0] == 201, 'create')
            with Server(*base, '--advertise-address=192.0.2.2') as two:
                b = two.api()
                until(lambda: addresses(b) == ['192.0.2.1', '192.0.2.2'], 'two addresses: %s' % addresses(b))
                until(lambda: slice_addresses(a) == ['192.0.2.1', '192.0.2.2'], 'also in the slice')
                until(lambda: b.get(LEASES + '/apiserver-gone')[0] == 404, 'the lease that is over was collected')
                check(b.get(LEASES + '/other-gone')[0] == 200, 'and no other')
                keys = etcd.range('/registry/masterleases/')
                check(sorted(keys) == ['/registry/masterleases/192.0.2.1', '/registry/masterleases/192.0.2.2'], keys)
                kv = etcd.kv('/registry/masterleases/192.0.2.2')
                check(kv['value'].startswith(b'k8s\0') and b'Endpoints' in kv['value'] and int(kv['lease']), 'its form')
                first = int(etcd.kv('compact_rev_key')['version']) if etcd.kv('compact_rev_key') else 0
                began = time.monotonic()
                before = etcd.revision()
                until(lambda: compacted(etcd, before), 'old revisions are forgotten', 30)
                raised = int(etcd.kv('compact_rev_key')['version']) - first
                check(raised <= (time.monotonic() - began) / 2 + 2, 'one of two compacts: %d' % raised)
            # a clean stop takes its address along
            until(lambda: addresses(a) == ['192.0.2.1'], 'one address again: %s' % addresses(a), 5)
            until(lambda: slice_addresses(a) == ['192.0.2.1'], 'also in the slice', 5)
        check(etcd.range('/registry/masterleases/') == {}, 'nothing is left')
        check(etcd.get('/registry/leases/kube-system/' + name) is None, 'nor the identity')


def api_lease(api):
    return api.get(LEASES + '?labelSelector=apiserver.kubernetes.io/identity%3Dkube-apiserver')[1].get('items')


def compacted(etcd, revision):
    try:
        etcd.call('kv/range', {'key': 'YQ==', 'revision': str(revision)})
        return False
    except OSError:
        return True


def by_count():
    with Etcd() as etcd:
        def server(n, kind, count='2'):
            return Server('--workers=1', '--advertise-address=192.0.2.%d' % n, '--endpoint-reconciler-type=' + kind,
                          '--apiserver-count=' + count, etcd=etcd)

        with server(9, 'none') as none:
            n = none.api()
            with server(2, 'master-count') as two:
                a = two.api()
                until(lambda: addresses(a) == ['192.0.2.2'], 'one address')
                with server(1, 'master-count') as one:
                    until(lambda: addresses(one.api()) == ['192.0.2.1', '192.0.2.2'], 'two addresses')
                    until(lambda: slice_addresses(a) == ['192.0.2.1', '192.0.2.2'], 'also in the slice')
                    with server(3, 'master-count'):  # one too many: who follows it goes, beginning anew at the first
                        until(lambda: addresses(a) == ['192.0.2.2', '192.0.2.3'], addresses(a))
                until(lambda: addresses(a) == ['192.0.2.2'], 'one address again: %s' % addresses(a))
            check(addresses(n) == [] and slice_addresses(n) == [], 'none: %s' % addresses(n))
            check(etcd.range('/registry/masterleases/') == {}, 'no leases')


main()
by_count()
