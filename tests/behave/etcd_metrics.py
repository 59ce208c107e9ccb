#!/usr/bin/env python3
"""What /metrics says of the store: objects of each resource, the size of etcd and the calls to it, under the names that
dashboards for kube-apiserver ask for."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run, until  # noqa: E402
from etcd import Etcd  # noqa: E402

SECRETS = '/api/v1/namespaces/default/secrets'
LINE = re.compile(r'^([a-z_]+)\{(.*)\} (\S+)$')


def metrics(api):
    """{(name, labels sorted): value}"""
    status, text = api.call('GET', '/metrics', raw=True)
    check(status == 200, status)
    found = {}
    for line in text.decode().splitlines():
        m = LINE.match(line)
        if m:
            key = m[1], ','.join(sorted(m[2].split(',')))
            check(key not in found, 'twice: %s' % line)
            found[key] = float(m[3])
    return found


def write_some(api):
    for i in range(2500):
        status, made = api.create(SECRETS, {'metadata': {'name': 'm%d' % i}})
        check(status == 201, made)
        if i == 2:
            check(api.patch(SECRETS + '/m2', {'data': {'a': 'Yg=='}})[0] == 200, 'patch')
            check(api.delete(SECRETS + '/m1')[0] == 200, 'delete')
            check(api.create(SECRETS, {'metadata': {'name': 'm2'}})[0] == 409, 'it exists: nothing is asked of etcd')
            check(api.create('/apis/apps/v1/namespaces/default/deployments', {
                'metadata': {'name': 'd'}, 'spec': {'selector': {'matchLabels': {'a': 'b'}}, 'template': {
                    'metadata': {'labels': {'a': 'b'}}, 'spec': {'containers': [{'name': 'c', 'image': 'i'}]}}}})[0] == 201,
                'deployment')


def check_objects(m):
    check(m['apiserver_resource_objects', 'group="",resource="secrets"'] == 2499, 'secrets')
    check(m['apiserver_storage_objects', 'resource="secrets"'] == 2499, 'older name')
    check(m['apiserver_resource_objects', 'group="apps",resource="deployments"'] == 1, 'deployments')
    check(m['apiserver_storage_objects', 'resource="deployments.apps"'] == 1, 'deployments, older name')
    check(m['apiserver_storage_objects', 'resource="podtemplates"'] == 0, 'none is 0')
    check(not [k for k in m if 'allocations' in k[1] and k[0] == 'apiserver_storage_objects'], 'internal ones are not shown')


def size_told(api):
    return metrics(api)['apiserver_storage_size_bytes', 'storage_cluster_id="etcd-0"']


def on_etcd():
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as s:
        write_some(s.api())
        m = metrics(s.api())
        check_objects(m)
        until(lambda: size_told(s.api()) == int(etcd.call('maintenance/status', {})['dbSize']),
              'the size that etcd has, as soon as nothing is written any more')
        for operation, n in (('create', 2500), ('update', 1), ('delete', 1)):
            labels = 'group="",operation="%s",resource="secrets"' % operation
            check(m['etcd_requests_total', labels] == n, '%s: %s' % (operation, m['etcd_requests_total', labels]))
            check(m['etcd_request_duration_seconds_count', labels] == n, operation)
            at_most = 'group="",le="%s",operation="' + operation + '",resource="secrets"'
            check(m['etcd_request_duration_seconds_bucket', at_most % '+Inf'] == n, operation)
            check(m['etcd_request_duration_seconds_bucket', at_most % '0.005'] <= n, operation)
            check(0 < m['etcd_request_duration_seconds_sum', labels] < 60, operation)
        check(m['etcd_requests_total', 'group="",operation="create",resource="namespaces"'] >= 4, 'also those of the keeper')
        etcd.stop()
        m = metrics(s.api())
        check(('apiserver_storage_size_bytes', 'storage_cluster_id="etcd-0"') not in m, 'etcd is away')
        check_objects(m)


def embedded():
    with Server('--workers=1') as s:
        write_some(s.api())
        m = metrics(s.api())
        check_objects(m)
        check(m['apiserver_storage_size_bytes', 'storage_cluster_id="embedded"'] > 0, 'size')
        check(not [k for k in m if k[0].startswith('etcd_')], 'no etcd')


run(on_etcd, embedded)
