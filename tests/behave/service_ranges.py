#!/usr/bin/env python3
"""Addresses and node ports of Services: many clients of several workers race for few of them and none is held twice;
what goes comes back; what is not claimed, or claimed by nobody, is put right."""
import collections
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run, until  # noqa: E402

SERVICES = '/api/v1/namespaces/default/services'
ADDRESSES = '/apis/networking.k8s.io/v1/ipaddresses'
CLIENTS, SECONDS, PORTS = 12, 6, 24
FLAGS = ['--workers=3', '--service-cluster-ip-range=10.7.0.0/27,fd07::/112',
         '--service-node-port-range=30000-%d' % (30000 + PORTS - 1)]


def service(name, **spec):
    return {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': name},
            'spec': dict({'ports': [{'port': 80}]}, **spec)}


def race(server, number, until, told):
    """Makes and deletes Services of all sorts; tells of each what it was given, and when it had it."""
    rng, api, mine = random.Random(number), server.api(), {}
    for i in range(10 ** 6):
        if time.monotonic() > until:
            break
        name = 's%d-%d' % (number, i)
        spec = rng.choice([{}, {'type': 'NodePort'}, {'ipFamilyPolicy': 'RequireDualStack', 'type': 'NodePort'},
                           {'clusterIP': '10.7.0.%d' % rng.randrange(2, 31)},
                           {'type': 'NodePort', 'ports': [{'port': 80, 'nodePort': 30000 + rng.randrange(PORTS)}]}])
        status, got = api.create(SERVICES, service(name, **spec))
        check(status in (201, 422, 500), 'create: %d %s' % (status, got))
        told.append((spec, status, got.get('message')))
        if status == 201:
            mine[name] = got
        elif status == 500:
            check('range is full' in got['message'], got['message'])
        else:
            check('already allocated' in got['message'], got['message'])
        while len(mine) > rng.randrange(4):
            name = rng.choice(list(mine))
            if rng.randrange(3) == 0:
                got = dict(mine[name], spec=dict(mine[name]['spec'], type='ExternalName', externalName='a.example'))
                status, got = api.update(SERVICES + '/' + name, got)
                check(status == 200 and 'clusterIP' not in got['spec'], 'no address any more: %d %s' % (status, got))
            status, got = api.delete(SERVICES + '/' + name)
            check(status == 200, 'delete: %d %s' % (status, got))
            del mine[name]


def held(api):
    """Everything that Services hold now: address or port -> Services."""
    out = collections.defaultdict(list)
    for s in api.get('/api/v1/services')[1]['items']:
        name = s['metadata']['namespace'] + '/' + s['metadata']['name']
        for ip in s['spec'].get('clusterIPs', []):
            out[ip].append(name)
        for port in {p['nodePort'] for p in s['spec']['ports'] if 'nodePort' in p}:
            out[port].append(name)
    return out


def claimed(api):
    refs = {a['metadata']['name']: a['spec']['parentRef'] for a in api.get(ADDRESSES)[1]['items']}
    return {ip: [r['namespace'] + '/' + r['name']] for ip, r in refs.items()}


def nothing_is_held_twice_however_many_race():
    with Server(*FLAGS) as server:
        told, failures, over = [], [], threading.Event()
        until = time.monotonic() + SECONDS

        def client(n):
            try:
                race(server, n, until, told)
            except Exception as e:  # noqa: BLE001
                failures.append(e)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]

        def watch():
            api = server.api()
            while not over.is_set():
                for what, names in held(api).items():
                    if len(names) > 1:
                        failures.append(Exception('%s is held by %s' % (what, names)))

        watcher = threading.Thread(target=watch)
        for t in threads + [watcher]:
            t.start()
        for t in threads:
            t.join()
        over.set()
        watcher.join()
        check(not failures, str(failures[:3]))
        check("another Service's" not in server.log(), 'the keeper has seen what is not so')
        made = [t for t in told if t[1] == 201]
        print('# %d Services made, %d refused' % (len(made), len(told) - len(made)))
        check(len(made) > 50 and len(made) < len(told), 'no race: %d of %d' % (len(made), len(told)))

        api = server.api()
        now = held(api)
        check({k: v for k, v in now.items() if isinstance(k, str)} == claimed(api), 'claims: %s %s' % (now, claimed(api)))
        for s in api.get(SERVICES)[1]['items']:
            if s['metadata']['name'] != 'kubernetes':
                api.delete(SERVICES + '/' + s['metadata']['name'])
        check(claimed(api) == {'10.7.0.1': ['default/kubernetes']}, 'claims are left: %s' % claimed(api))
        everything_can_be_had_again(api)


def everything_can_be_had_again(api):
    """What was given back is all there is: no address and no port was lost on the way."""
    ports = set()
    for i in range(PORTS):
        status, got = api.create(SERVICES, service('port-%d' % i, type='NodePort'))
        check(status == 201, 'port %d: %d %s' % (i, status, got))
        ports.add(got['spec']['ports'][0]['nodePort'])
    check(ports == set(range(30000, 30000 + PORTS)), 'ports: %s' % sorted(ports))
    status, got = api.create(SERVICES, service('more', type='NodePort'))
    check(status == 500 and got['message'] == 'Internal error occurred: failed to allocate a nodePort: range is full',
          'ports are used up: %d %s' % (status, got))
    for i in range(30 - 1 - PORTS):
        status, got = api.create(SERVICES, service('address-%d' % i))
        check(status == 201, 'address %d: %d %s' % (i, status, got))
    status, got = api.create(SERVICES, service('more'))
    check(status == 500 and got['message'] == 'Internal error occurred: failed to allocate a serviceIP for Service "more": '
          'range is full', 'addresses are used up: %d %s' % (status, got))


def a_refused_or_dry_write_holds_nothing():
    with Server(*FLAGS) as server:
        api = server.api()
        until(lambda: api.get(SERVICES + '/kubernetes')[0] == 200, 'no Service kubernetes')
        before = claimed(api)
        status, got = api.create(SERVICES + '?dryRun=All', service('dry', type='NodePort'))
        check(status == 201 and got['spec']['clusterIP'] == '10.7.0.0', 'dry run: %d %s' % (status, got))
        status, got = api.create(SERVICES, service('Bad_Name', clusterIP='10.7.0.9', type='NodePort',
                                                   ports=[{'port': 80, 'nodePort': 30009}]))
        check(status == 422, 'refused: %d %s' % (status, got))
        status, got = api.create(SERVICES, service('kubernetes', clusterIP='10.7.0.9'))
        check(status == 409, 'there already: %d %s' % (status, got))
        check(claimed(api) == before, 'claims: %s' % claimed(api))
        status, got = api.create(SERVICES, service('now', clusterIP='10.7.0.9', type='NodePort',
                                                   ports=[{'port': 80, 'nodePort': 30009}]))
        check(status == 201, 'free: %d %s' % (status, got))
        status, got = api.update(SERVICES + '/now', dict(got, spec=dict(got['spec'], ipFamilyPolicy='PreferDualStack')))
        check(status == 200 and len(got['spec']['clusterIPs']) == 2, 'two families: %d %s' % (status, got))
        second = got['spec']['clusterIPs'][1]
        check(claimed(api)[second] == ['default/now'], 'second: %s' % claimed(api))
        status, got = api.update(SERVICES + '/now', dict(got, spec=dict(got['spec'], ipFamilyPolicy='SingleStack')))
        check(status == 200 and got['spec']['clusterIPs'] == ['10.7.0.9'], 'one family: %d %s' % (status, got))
        check(second not in claimed(api), 'given back: %s' % claimed(api))


def the_keeper_puts_claims_right():
    with Server(*FLAGS) as server:
        api = server.api()
        status, got = api.create(SERVICES, service('a'))
        ip = got['spec']['clusterIP']
        made = api.get(ADDRESSES + '/' + ip)[1]
        check(made['metadata']['labels'] == {'ipaddress.kubernetes.io/ip-family': 'IPv4',
                                             'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io'}, made)
        check(made['spec'] == {'parentRef': {'resource': 'services', 'namespace': 'default', 'name': 'a'}}, made)
        api.delete(ADDRESSES + '/' + ip)
        until(lambda: claimed(api).get(ip) == ['default/a'], 'claimed again: %s' % claimed(api))


def a_claim_given_back_before_its_service_changes_stays_free():
    """As kube-apiserver does it when a Service becomes an ExternalName."""
    with Server(*FLAGS) as server:
        api = server.api()
        status, got = api.create(SERVICES, service('a'))
        ip = got['spec']['clusterIP']
        time.sleep(2)  # the keeper has looked at the new Service
        api.delete(ADDRESSES + '/' + ip)
        time.sleep(0.5)
        check(ip not in claimed(api), 'claimed at once: %s' % claimed(api))
        got = dict(got, spec=dict(got['spec'], type='ExternalName', externalName='a.example'))
        status, got = api.update(SERVICES + '/a', got)
        check(status == 200, 'update: %d %s' % (status, got))
        time.sleep(6)
        check(ip not in claimed(api), 'claimed for nobody: %s' % claimed(api))


if __name__ == '__main__':
    run(nothing_is_held_twice_however_many_race, a_refused_or_dry_write_holds_nothing, the_keeper_puts_claims_right,
        a_claim_given_back_before_its_service_changes_stays_free)
