#!/usr/bin/env python3
"""Watches and lists with random selectors against what the store's history says they must be.

Writers create, relabel, bind, move through phases and delete pods; 200 watches with random label and field selectors in
one namespace or all of them follow, some of them slowly, while workers and the watcher are killed. A watch that broke
goes on from the last version it saw, or lists again (often by pages) and goes on from there. In the end every stream, and
every list, is compared with a model that is computed from the whole history, which several plain watches must agree on.
CHANGES (6000), WATCHES (200) and KILLS (12) set the size.
"""
import asyncio
import json
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Api, Failure, Server, check, run  # noqa: E402

CHANGES = int(os.environ.get('CHANGES', '6000'))
WATCHES = int(os.environ.get('WATCHES', '200'))
KILLS = int(os.environ.get('KILLS', '12'))
WRITERS, PLAIN, NAMES = 4, 3, 60
NAMESPACES = ['red', 'green', 'blue']
NODES = ['n%d' % i for i in range(6)]
PHASES = ['Pending', 'Running', 'Succeeded', 'Failed']
LABELS = {'app': ['a', 'b', 'c'], 'tier': ['web', 'db'], 'canary': ['true']}


# ---- what is written ----

def random_labels():
    return {k: random.choice(v) for k, v in LABELS.items() if random.random() < 0.6}


def new_pod(name):
    pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': name, 'labels': random_labels()},
           'spec': {'containers': [{'name': 'c', 'image': 'i'}]}}
    if random.random() < 0.5:
        pod['spec']['nodeName'] = random.choice(NODES)
    return pod


def one_change(api, state, path, name):
    """state: name -> bound, of what this writer believes is there. Returns whether it was acknowledged."""
    at = '%s/%s' % (path, name)
    if name not in state:
        pod = new_pod(name)
        status, _ = api.create(path, pod)
        state[name] = 'nodeName' in pod['spec']
        return status == 201
    kind = random.random()
    if kind < 0.2:
        status, _ = api.delete(at + '?gracePeriodSeconds=0')
        del state[name]
    elif kind < 0.5:
        status, _ = api.patch(at + '/status', {'status': {'phase': random.choice(PHASES), 'message': str(random.random())}})
    elif kind < 0.6 and not state[name]:
        binding = {'apiVersion': 'v1', 'kind': 'Binding', 'metadata': {'name': name},
                   'target': {'kind': 'Node', 'name': random.choice(NODES)}}
        status, _ = api.create(at + '/binding', binding)
        state[name] = True
    else:
        labels = {k: None for k in LABELS}
        labels.update(random_labels())
        status, _ = api.patch(at, {'metadata': {'labels': labels, 'annotations': {'at': str(random.random())}}})
    if status == 404:
        state.pop(name, None)
    return status in (200, 201)


def write(server, number, changes, done):
    """A process: its own names in every namespace."""
    random.seed(number)
    api, acknowledged = Api(server, timeout=10), 0
    states = {ns: {} for ns in NAMESPACES}
    while acknowledged < changes:
        ns = random.choice(NAMESPACES)
        name = 'w%d-%d' % (number, random.randrange(NAMES))
        try:
            acknowledged += one_change(api, states[ns], '/api/v1/namespaces/%s/pods' % ns, name)
        except (OSError, ValueError, EOFError, Exception):  # its worker died: the outcome is not known
            time.sleep(0.05)
    done.put(acknowledged)


# ---- what is selected ----

class Selector:
    """As the API takes it, and as a predicate on (namespace, name, labels, node, phase)."""

    def __init__(self, labels=(), fields=(), ns=None):
        self.ns, self.tests = ns, [t for _, t in labels] + [t for _, t in fields]
        query = {}
        if labels:
            query['labelSelector'] = ','.join(text for text, _ in labels)
        if fields:
            query['fieldSelector'] = ','.join(text for text, _ in fields)
        self.query = urllib.parse.urlencode(query)
        self.path = '/api/v1/namespaces/%s/pods' % ns if ns else '/api/v1/pods'

    def matches(self, pod):
        return (self.ns is None or pod['ns'] == self.ns) and all(t(pod) for t in self.tests)


def label_term():
    k = random.choice(list(LABELS))
    v = random.choice(LABELS[k])
    some = random.sample(LABELS[k], min(2, len(LABELS[k])))
    return random.choice([
        ('%s=%s' % (k, v), lambda p: p['labels'].get(k) == v),
        ('%s!=%s' % (k, v), lambda p: p['labels'].get(k) != v),
        ('%s in (%s)' % (k, ','.join(some)), lambda p: p['labels'].get(k) in some),
        ('%s notin (%s)' % (k, ','.join(some)), lambda p: p['labels'].get(k) not in some),
        (k, lambda p: k in p['labels']),
        ('!' + k, lambda p: k not in p['labels']),
    ])


def field_term():
    node, phase, ns = random.choice(NODES), random.choice(PHASES), random.choice(NAMESPACES)
    name = 'w%d-%d' % (random.randrange(WRITERS), random.randrange(NAMES))
    return random.choice([
        ('spec.nodeName=' + node, lambda p: p['node'] == node),
        ('spec.nodeName=', lambda p: p['node'] == ''),
        ('spec.nodeName!=' + node, lambda p: p['node'] != node),
        ('status.phase=' + phase, lambda p: p['phase'] == phase),
        ('status.phase!=' + phase, lambda p: p['phase'] != phase),
        ('metadata.name=' + name, lambda p: p['name'] == name),
        ('metadata.namespace=' + ns, lambda p: p['ns'] == ns),
    ])


def random_selector():
    labels = [label_term() for _ in range(random.choice([0, 1, 1, 2]))]
    fields = [field_term() for _ in range(random.choice([0, 1, 1, 2]))]
    return Selector(labels, fields, random.choice(NAMESPACES + [None, None]))


# ---- what is seen ----

def seen_pod(obj):
    meta = obj['metadata']
    return {'ns': meta['namespace'], 'name': meta['name'], 'labels': meta.get('labels', {}), 'rv': int(meta['resourceVersion']),
            'node': obj['spec'].get('nodeName', ''), 'phase': obj['status']['phase']}


class Follower:
    """segments: [since, listed or None, [(type, pod)]]; each begins where a stream did."""

    def __init__(self, server, selector, since, slow=0, plain=False):
        self.server, self.selector, self.slow, self.plain = server, selector, slow, plain
        self.rv, self.wrong, self.segments = since, [], [[since, None, []]]

    async def ask(self, query):
        reader, writer = await asyncio.open_connection('127.0.0.1', self.server.port, ssl=self.server.tls, limit=1 << 22)
        target = '%s?%s&%s' % (self.selector.path, self.selector.query, query)
        writer.write(('GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n' % (target, TOKEN)).encode())
        head = await reader.readuntil(b'\r\n\r\n')
        return reader, writer, head

    async def chunks(self, reader):
        while True:
            size = int((await reader.readline()) or b'0', 16)
            if size == 0:
                await reader.readline()
                return
            yield (await reader.readexactly(size + 2))[:-2]

    async def stream(self):
        reader, writer, head = await self.ask('watch=true&allowWatchBookmarks=true&resourceVersion=%d&timeoutSeconds=3000' % self.rv)
        try:
            status = int(head.split(b' ', 2)[1])
            if status >= 500 or status == 429:
                return
            if status != 200:
                raise Failure('watch refused: %r' % head[:200])
            rest = b''
            async for chunk in self.chunks(reader):
                *lines, rest = (rest + chunk).split(b'\n')
                for line in lines:
                    self.event(json.loads(line))
                if self.slow and random.random() < 0.3:
                    await asyncio.sleep(random.random() * self.slow)
        finally:
            writer.close()

    def event(self, e):
        if e['type'] == 'ERROR':
            self.wrong.append('%r' % e)
            return
        rv = int(e['object']['metadata']['resourceVersion'])
        if rv < self.rv or (rv == self.rv and e['type'] != 'BOOKMARK'):
            self.wrong.append('%s: version %d after %d' % (e['type'], rv, self.rv))
        self.rv = rv
        if e['type'] != 'BOOKMARK':
            self.segments[-1][2].append((e['type'], seen_pod(e['object'])))

    async def page(self, limit, token):
        query = 'limit=%d' % limit + ('&continue=' + urllib.parse.quote(token) if token else '')
        reader, writer, head = await self.ask(query)
        try:
            if int(head.split(b' ', 2)[1]) != 200:
                raise OSError('not now')
            length = [int(h.split(b':')[1]) for h in head.split(b'\r\n') if h.lower().startswith(b'content-length:')]
            body = await reader.readexactly(length[0]) if length else b''.join([c async for c in self.chunks(reader)])
            return json.loads(body)
        finally:
            writer.close()

    async def list(self):
        limit, token, items = random.choice([0, 1, 7, 50]), None, []
        while True:
            got = await self.page(limit, token)
            items += [seen_pod(o) for o in got['items']]
            token = got['metadata'].get('continue')
            if not token:
                break
        self.rv = int(got['metadata']['resourceVersion'])
        self.segments.append([self.rv, items, []])

    async def run(self):
        relist = False
        while True:
            try:
                await (self.list if relist else self.stream)()
                relist = False
            except (OSError, asyncio.IncompleteReadError, ValueError):
                relist = not self.plain and random.random() < 0.4
            self.segments.append([self.rv, None, []])
            await asyncio.sleep(0.05 + random.random() * 0.1)


class Followers(threading.Thread):
    def __init__(self, all_):
        super().__init__(daemon=True)
        self.all = all_

    def run(self):
        async def main():
            await asyncio.gather(*(f.run() for f in self.all))
        asyncio.run(main())


# ---- what must be seen ----

def whole_history(plain):
    """Every event of the plain watches by version; they must agree."""
    history = {}
    for f in plain:
        mine = {}
        for _, _, events in f.segments:
            for kind, pod in events:
                check(pod['rv'] not in mine, 'a plain watch saw version %d twice' % pod['rv'])
                mine[pod['rv']] = (kind, pod)
        if not history:
            history = mine
        check(mine == history, 'two plain watches differ: %r' % sorted(set(mine) ^ set(history))[:5])
    return [history[rv] for rv in sorted(history)]


def expected(history, selector):
    """[(type, pod)] as a watch with that selector must see them, and the states between."""
    matching, out = {}, []
    for kind, pod in history:
        key = (pod['ns'], pod['name'])
        now, was = kind != 'DELETED' and selector.matches(pod), key in matching
        if now:
            matching[key] = pod['rv']
            out.append(('MODIFIED' if was else 'ADDED', pod))
        elif was:
            del matching[key]
            out.append(('DELETED', pod))
    return out


def state_at(events, rv):
    state = {}
    for kind, pod in events:
        if pod['rv'] > rv:
            break
        if kind == 'DELETED':
            state.pop((pod['ns'], pod['name']), None)
        else:
            state[(pod['ns'], pod['name'])] = pod['rv']
    return state


def short(events):
    return [(kind, pod['rv'], pod['ns'], pod['name']) for kind, pod in events]


def verify(f, wanted):
    check(not f.wrong, '%s: %s' % (f.selector.query, f.wrong[:2]))
    for i, (since, listed, events) in enumerate(f.segments):
        if listed is not None:
            got = [(p['ns'], p['name']) for p in listed]
            check(got == sorted(got), '%s: a list out of order' % f.selector.query)
            check({(p['ns'], p['name']): p['rv'] for p in listed} == state_at(wanted, since),
                  '%s: the list at %d is not what was there' % (f.selector.query, since))
        after = short(e for e in wanted if e[1]['rv'] > since)
        if i + 1 < len(f.segments):
            after = after[:len(events)]
        got = short(events)
        if got != after:
            at = next((n for n, (a, b) in enumerate(zip(got, after)) if a != b), min(len(got), len(after)))
            raise Failure('%s in %s, segment %d from %d: at event %d of %d (%d wanted) got %r, wanted %r' % (
                f.selector.query, f.selector.ns, i, since, at, len(got), len(after), got[at:at + 2], after[at:at + 2]))


def kill_while_writing(server, writers):
    """Kills until the writers are through; returns how often."""
    killed, pace = 0, max(1, CHANGES / 500 / max(KILLS, 1))
    while any(w.is_alive() for w in writers):
        time.sleep(random.uniform(0.3, 1.0) * pace)
        if killed >= KILLS:
            continue
        pids = server.children().get('watcher' if killed % 6 == 5 else 'worker', [])
        if pids:
            os.kill(random.choice(pids), signal.SIGKILL)
            killed += 1
    return killed


def wait_for(followers, wanted):
    """Until each has seen the last of what it must see, or sees nothing more (which the comparison tells). All share one
    thread, which may be far behind after many changes."""
    for f, events in zip(followers, wanted):
        f.slow = 0
        last = max((pod['rv'] for _, pod in events), default=0)
        seen, since = f.rv, time.monotonic()
        while f.rv < last and time.monotonic() < since + 60:
            time.sleep(0.1)
            if f.rv != seen:
                seen, since = f.rv, time.monotonic()


def watch_history():
    seed = int(os.environ.get('SEED', time.time_ns() % 1000000))
    random.seed(seed)
    # followers share one thread: what it has not come to yet must not leave the window
    window = max(256 << 20, CHANGES * 16384)
    with Server('--workers=2', '--cache-window-bytes=%d' % window) as server:
        api = server.api()
        for ns in NAMESPACES:
            status, got = api.create('/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': ns}})
            check(status == 201, 'namespace: %d %s' % (status, got))
        since = int(api.get('/api/v1/pods')[1]['metadata']['resourceVersion'])
        followers = [Follower(server, Selector(), since, plain=True) for _ in range(PLAIN)]
        followers += [Follower(server, random_selector(), since, 0.4 if i % 10 == 0 else 0) for i in range(WATCHES)]
        Followers(followers).start()
        done = multiprocessing.Queue()
        writers = [multiprocessing.Process(target=write, args=(server, i, CHANGES // WRITERS, done)) for i in range(WRITERS)]
        began = time.monotonic()
        for w in writers:
            w.start()
        killed = kill_while_writing(server, writers)
        acknowledged = sum(done.get(timeout=10) for _ in writers)
        took = time.monotonic() - began
        status, end = server.api().create('/api/v1/namespaces/blue/pods', new_pod('the-end'))
        check(status == 201, 'the last pod: %d %s' % (status, end))
        last = int(end['metadata']['resourceVersion'])
        status, items = server.api().get('/api/v1/pods')
        check(status == 200, 'list: %d' % status)
        wait_for(followers[:PLAIN], [[('', {'rv': last})]] * PLAIN)
        history = whole_history(followers[:PLAIN])
        check(len(history) >= acknowledged, '%d events of %d acknowledged changes' % (len(history), acknowledged))
        check(state_at(history, last) ==
              {(i['metadata']['namespace'], i['metadata']['name']): int(i['metadata']['resourceVersion']) for i in items['items']},
              'the history does not end in what is listed')
        wanted = [expected(history, f.selector) for f in followers[PLAIN:]]
        wait_for(followers[PLAIN:], wanted)
        time.sleep(1)  # for what must not come
        try:
            for f, events in zip(followers[PLAIN:], wanted):
                verify(f, events)
        except Failure as e:
            raise Failure('SEED=%d: %s' % (seed, e))
        segments = [s for f in followers[PLAIN:] for s in f.segments]
        seen = sum(len(s[2]) for s in segments)
        lists = sum(s[1] is not None for s in segments)
        print('# %d changes acknowledged in %.0f s, %d kills, %d watches saw %d events in %d streams, %d lists compared' %
              (acknowledged, took, killed, WATCHES, seen, len(segments), lists))
        check(killed == 0 or lists > 0, 'no list was compared')


run(watch_history)
