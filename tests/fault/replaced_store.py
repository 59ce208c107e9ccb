#!/usr/bin/env python3
"""The etcd that is followed goes back in time, loses everything, or is replaced by another: what the servers knew of it is
thrown away, watches end with 410, and what is served afterwards is what etcd holds, under the same processes' master."""
import http.client
import json
import os
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run, until  # noqa: E402
from etcd import Etcd  # noqa: E402

MAPS = '/api/v1/namespaces/default/configmaps'
READS = ('', '?resourceVersion=0', '?limit=500')


def config_map(name, x):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': {'x': x}}


class Watch(threading.Thread):
    """The events of config maps until the server ends it."""

    def __init__(self, server, version):
        super().__init__(daemon=True)
        self.server, self.version, self.events = server, version, []
        self.start()

    def run(self):
        conn = http.client.HTTPSConnection('127.0.0.1', self.server.port, context=self.server.tls, timeout=60)
        conn.request('GET', MAPS + '?watch=1&resourceVersion=' + self.version,
                     headers={'Authorization': 'Bearer ' + self.server.api().token})
        answer = conn.getresponse()
        for line in answer:
            self.events.append(json.loads(line))

    def expired(self):
        """Ended with 410 and told of nothing that was not so."""
        self.join(20)
        check(not self.is_alive() and self.events, 'the watch goes on: %s' % self.events)
        last = self.events[-1]
        check(last['type'] == 'ERROR' and last['object']['code'] == 410 and last['object']['reason'] == 'Expired', str(last))
        check(len(self.events) == 1, 'events that never were: %s' % self.events[:-1])


def names(api, query=''):
    code, body = api.get(MAPS + query)
    return {m['metadata']['name']: m['data'].get('x') for m in body['items'] if 'x' in m.get('data', {})} if code == 200 else None


def ask(server, query=''):
    """As a client that connects again when its server begins anew."""
    try:
        return names(server.api(timeout=20), query)
    except (OSError, http.client.HTTPException):
        return None


class Reader(threading.Thread):
    """Reads all the time: an answer is the old state or the new one, never a part, and never the old one again after the new."""

    def __init__(self, server, old, new):
        super().__init__(daemon=True)
        self.server, self.old, self.new, self.wrong, self.over, self.answers = server, old, new, [], False, 0
        self.start()

    def run(self):
        changed = dict.fromkeys(READS, False)
        while not self.over:
            for query in READS:
                seen = ask(self.server, query)
                if seen is None:
                    continue
                self.answers += 1
                if seen == self.new:
                    changed[query] = True
                elif seen != self.old or changed[query]:
                    self.wrong.append((query, len(seen)))
            time.sleep(0.01)

    def end(self):
        self.over = True
        self.join(30)
        check(self.answers and not self.wrong, '%d answers, of them wrong: %s' % (self.answers, self.wrong[:5]))


def fill(api, first, last):
    for i in range(first, last):
        check(api.create(MAPS, config_map('m%03d' % i, str(i)))[0] == 201, 'create')


def replace(etcd, server, change, new):
    """etcd is stopped, its data changed, and it comes back where it was."""
    api = server.api()
    old, version = names(api), api.get(MAPS)[1]['metadata']['resourceVersion']
    watches = [Watch(server, version) for _ in range(6)]
    reader = Reader(server, old, new)
    time.sleep(0.3)
    master, before = server.process.pid, server.children()
    etcd.stop(signal.SIGKILL)
    change()
    etcd.start()
    for w in watches:
        w.expired()
    until(lambda: ask(server) == new, 'what etcd holds is not served', 30)
    until(lambda: server.api().get('/readyz')[0] == 200, 'not ready')
    reader.end()
    # a worker of the past goes when its connections have ended
    until(lambda: len(server.children()['worker']) == len(before['worker'])
          and not set(server.children()['worker']) & set(before['worker']), 'the workers stay')
    after = server.children()
    check(server.process.pid == master and server.process.poll() is None, 'the master went')
    check(after['watcher'] == before['watcher'], 'the watcher went')
    works(server)


def works(server):
    """Writes, reads and watches, and the objects every cluster has."""
    api = server.api()
    check(api.create(MAPS, config_map('later', 'y'))[0] == 201, 'create')
    check(names(api)['later'] == 'y', 'read what was written')
    version = api.get(MAPS)[1]['metadata']['resourceVersion']
    w = Watch(server, version)
    time.sleep(0.2)
    check(api.delete(MAPS + '/later')[0] == 200, 'delete')
    until(lambda: w.events, 'a watch')
    check(w.events[0]['type'] == 'DELETED' and w.events[0]['object']['metadata']['name'] == 'later', str(w.events[0]))
    until(lambda: api.get('/api/v1/namespaces/kube-node-lease')[0] == 200, 'namespaces')
    until(lambda: api.get('/api/v1/namespaces/default/services/kubernetes')[0] == 200, 'the kubernetes Service')


def gone_back_in_time():
    """Restored from a copy, as the same cluster."""
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as server:
        api, data = server.api(), os.path.join(etcd.dir, 'data')
        fill(api, 0, 30)
        kept = names(api)
        etcd.stop()
        shutil.copytree(data, data + '.copy')
        etcd.start()
        until(lambda: server.api().get('/readyz')[0] == 200, 'etcd came back')
        fill(server.api(), 30, 300)
        check(server.api().delete(MAPS + '/m000')[0] == 200, 'delete')

        def restore():
            shutil.rmtree(data)
            shutil.move(data + '.copy', data)
        replace(etcd, server, restore, kept)


def everything_lost():
    """An empty member under the same address and name: etcd gives it the same cluster id."""
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as server:
        fill(server.api(), 0, 50)
        replace(etcd, server, lambda: shutil.rmtree(os.path.join(etcd.dir, 'data')), {})


def another_cluster():
    """Further on than the one that was followed, so that only its identity tells."""
    with Etcd() as etcd, Etcd() as other, Server('--workers=2', etcd=etcd) as server:
        fill(server.api(), 0, 50)
        with Server('--workers=1', etcd=other) as second:
            fill(second.api(), 100, 400)
            new = names(second.api())
        other.stop()

        def swap():
            etcd.peer = other.peer
            shutil.rmtree(os.path.join(etcd.dir, 'data'))
            shutil.copytree(os.path.join(other.dir, 'data'), os.path.join(etcd.dir, 'data'))
        replace(etcd, server, swap, new)


def again_while_the_watcher_dies():
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as server:
        for n in (40, 20):
            fill(server.api(), 0, n)
            etcd.stop(signal.SIGKILL)
            os.kill(server.children()['watcher'][0], signal.SIGKILL)
            shutil.rmtree(os.path.join(etcd.dir, 'data'))
            etcd.start()
            until(lambda: ask(server) == {}, 'what etcd holds is not served', 30)
            until(lambda: ask(server, '?resourceVersion=0') == {}, 'by every worker', 30)
            until(lambda: server.api().get('/readyz')[0] == 200, 'not ready')
        works(server)


def a_replica():
    """One that only reads has no keeper; what is there anew comes from the server beside it."""
    with Etcd() as etcd, Server('--workers=1', etcd=etcd) as server, \
            Server('--workers=2', '--read-only', etcd=etcd) as replica:
        fill(server.api(), 0, 30)
        until(lambda: len(ask(replica) or ()) == 30, 'the replica follows')
        watches = [Watch(replica, server.api().get(MAPS)[1]['metadata']['resourceVersion']) for _ in range(3)]
        time.sleep(0.3)
        etcd.stop(signal.SIGKILL)
        shutil.rmtree(os.path.join(etcd.dir, 'data'))
        etcd.start()
        for w in watches:
            w.expired()
        until(lambda: ask(replica) == {}, 'what etcd holds is not served', 30)
        until(lambda: server.api().get('/readyz')[0] == 200, 'not ready')
        check(server.api().create(MAPS, config_map('new', '1'))[0] == 201, 'create')
        until(lambda: ask(replica) == {'new': '1'}, 'the replica follows again')
        check(replica.api().get('/readyz')[0] == 200, 'the replica is not ready')


if __name__ == '__main__':
    run(gone_back_in_time, everything_lost, another_cluster, again_while_the_watcher_dies, a_replica)
