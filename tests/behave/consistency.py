#!/usr/bin/env python3
"""What readers may rely on, with several workers and under churn. The judge is the full history that one plain watch
tells: every list must be the state at its revision, every watch with a selector the history seen through it, every stream
that begins later a suffix. SEED repeats a run, OPS (3000) sets its length."""
import json
import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Failure, Server, check, run  # noqa: E402

OPS = int(os.environ.get('OPS', '3000'))
SEED = int(os.environ.get('SEED', str(time.time_ns() % 1000000)))
CONFIGMAPS = '/api/v1/namespaces/default/configmaps'
SPACES, NODES, OBJECTS = ['one', 'two', 'three'], ['n1', 'n2', 'n3'], 50
INITIAL_END = 'k8s.io/initial-events-end'


def version(obj):
    return int(obj['metadata']['resourceVersion'])


def key(obj):
    return obj['metadata'].get('namespace', ''), obj['metadata']['name']


def together(*functions):
    """Runs functions in threads; the first failure is raised."""
    failures = []

    def guarded(f):
        try:
            f()
        except Exception as e:  # noqa: BLE001 - any failure of a thread is the test's
            failures.append(e)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


class Stream(threading.Thread):
    """A watch on a connection of its own: keeps its lines. `ended`: the server closed it cleanly."""

    def __init__(self, server, path, query):
        super().__init__(daemon=True)
        self.lines, self.ended, self.what = [], False, path + '?' + query
        raw = socket.create_connection(('127.0.0.1', server.port), timeout=60)
        self.tls = server.tls.wrap_socket(raw, server_hostname='127.0.0.1')
        self.tls.sendall(('GET %s?watch=true&%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n'
                          % (path, query, TOKEN)).encode())
        self.start()

    def run(self):
        try:
            with self.tls.makefile('rb') as f:
                self.read(f)
        except (OSError, ValueError, Failure):
            pass  # what is missing tells

    def read(self, f):
        check(b' 200 ' in f.readline(), self.what)
        while f.readline().strip():
            pass
        rest = b''
        while True:
            size = int(f.readline() or b'-1', 16)
            if size <= 0:
                self.ended = size == 0
                return
            rest += f.read(size + 2)[:-2]
            *lines, rest = rest.split(b'\n')
            self.lines += lines

    def close(self):
        try:
            self.tls.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join(5)
        self.tls.close()

    def events(self):
        return [json.loads(x) for x in list(self.lines)]

    def wait_lines(self, n, seconds=20):
        """Waits until n lines came."""
        end = time.monotonic() + seconds
        while len(self.lines) < n and self.is_alive() and time.monotonic() < end:
            time.sleep(0.01)


class Selector:
    """A random selector: as path and query for the server, as a predicate for the judge."""

    def __init__(self, rng):
        self.labels, self.fields, self.ns, self.tests = [], [], None, []
        if rng.random() < 0.4:
            self.ns = rng.choice(SPACES)
            self.tests.append(lambda o: o['metadata']['namespace'] == self.ns)
        for _ in range(rng.choice([0, 1, 1, 2])):
            self.add_label(rng)
        if rng.random() < 0.6 or not self.labels:
            self.add_field(rng)
        self.path = '/api/v1/' + ('namespaces/%s/' % self.ns if self.ns else '') + 'pods'
        self.query = '&'.join(n + '=' + ','.join(v).replace(' ', '%20').replace('!', '%21')
                              for n, v in (('labelSelector', self.labels), ('fieldSelector', self.fields)) if v)

    def add_label(self, rng):
        k, values = rng.choice('ab'), rng.sample(['x', 'y', 'z'], 2)
        text, test = rng.choice([
            ('%s=%s' % (k, values[0]), lambda v: v == values[0]),
            ('%s!=%s' % (k, values[0]), lambda v: v != values[0]),
            ('%s in (%s)' % (k, ','.join(values)), lambda v: v in values),
            ('%s notin (%s)' % (k, ','.join(values)), lambda v: v not in values),
            (k, lambda v: v is not None),
            ('!' + k, lambda v: v is None)])
        self.labels.append(text)
        self.tests.append(lambda o: test(o['metadata'].get('labels', {}).get(k)))

    def add_field(self, rng):
        node, name, ns = rng.choice(NODES + ['']), 'p%02d' % rng.randrange(OBJECTS), rng.choice(SPACES)
        phase = rng.choice(['Pending', 'Running'])
        text, test = rng.choice([
            ('spec.nodeName=' + node, lambda o: o['spec'].get('nodeName', '') == node),
            ('spec.nodeName=' + node, lambda o: o['spec'].get('nodeName', '') == node),
            ('spec.nodeName!=' + node, lambda o: o['spec'].get('nodeName', '') != node),
            ('metadata.name=' + name, lambda o: o['metadata']['name'] == name),
            ('metadata.name!=' + name, lambda o: o['metadata']['name'] != name),
            ('metadata.namespace=' + ns, lambda o: o['metadata']['namespace'] == ns),
            ('status.phase=' + phase, lambda o: o['status'].get('phase') == phase)])
        self.fields.append(text)
        self.tests.append(test)

    def matches(self, obj):
        return obj is not None and all(t(obj) for t in self.tests)

    def __str__(self):
        return '%s?%s' % (self.path, self.query)


class History:
    """What a watch without selector told from a state on."""

    def __init__(self, items, lines):
        self.lines, self.start = lines, {key(o): o for o in items}
        self.events = [json.loads(x) for x in lines]
        versions = [version(e['object']) for e in self.events]
        check(versions == sorted(set(versions)), 'the history is not in order, or tells something twice')
        self.versions = versions

    def seen_through(self, selector, after=0):
        """Events that a watch with this selector must tell of what came after a revision."""
        state, out = dict(self.start), []
        for e in self.events:
            obj, k = e['object'], key(e['object'])
            old = state.get(k)
            check((old is None) == (e['type'] == 'ADDED'), 'history: %s of %s' % (e['type'], k))
            state[k] = None if e['type'] == 'DELETED' else obj
            before, now = selector.matches(old), selector.matches(state[k])
            if version(obj) <= after or not (before or now):
                continue
            if now:
                out.append({'type': 'MODIFIED' if before else 'ADDED', 'object': obj})
            elif e['type'] == 'DELETED':
                out.append(e)
            else:  # ceased to match: as it was, at the revision of the change
                left = json.loads(json.dumps(old))
                left['metadata']['resourceVersion'] = obj['metadata']['resourceVersion']
                out.append({'type': 'DELETED', 'object': left})
        return out

    def state_at(self, revision):
        state = dict(self.start)
        for e in self.events:
            if version(e['object']) > revision:
                break
            if e['type'] == 'DELETED':
                del state[key(e['object'])]
            else:
                state[key(e['object'])] = e['object']
        return state


def listed(api, path, query=''):
    status, got = api.get(path + ('?' + query if query else ''))
    check(status == 200, 'list %s?%s: %d %s' % (path, query, status, got))
    return got


# ---- reads after writes ----

def reads_see_writes_through_other_workers():
    with Server('--workers=4') as server:
        apis = [server.api() for _ in range(12)]
        apis[0].create(CONFIGMAPS, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'w'}})
        newest_list = 0
        for i in range(100):
            status, got = apis[i % 12].patch(CONFIGMAPS + '/w', {'data': {'n': str(i)}})
            check(status == 200, 'patch: %d %s' % (status, got))
            for api in apis:
                status, seen = api.get(CONFIGMAPS + '/w')
                check(status == 200 and version(seen) == version(got) and seen['data']['n'] == str(i),
                      'a read after write %d saw %s' % (i, seen))
            seen = listed(apis[(i + 5) % 12], CONFIGMAPS)
            check(version(seen) >= max(version(got), newest_list), 'a list went back: %s' % seen['metadata'])
            newest_list = version(seen)
        for i in range(40):
            name = 'c%d' % i
            made, other = apis[i % 12], apis[(i + 7) % 12]
            status, _ = made.create(CONFIGMAPS, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}})
            check(status == 201 and other.get(CONFIGMAPS + '/' + name)[0] == 200, 'a created object is not there')
            check(other.delete(CONFIGMAPS + '/' + name)[0] == 200, 'it cannot be deleted through another worker')
            check(made.get(CONFIGMAPS + '/' + name)[0] == 404, 'a deleted object is still there')


def concurrent_reads_are_never_older_than_what_was_acknowledged():
    with Server('--workers=4') as server:
        acknowledged, over = [0], threading.Event()
        server.api().create(CONFIGMAPS, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'w'}})

        def writes():
            api = server.api()
            end = time.monotonic() + 3
            while time.monotonic() < end:
                acknowledged[0] = version(api.patch(CONFIGMAPS + '/w', {'data': {'n': str(time.time_ns())}})[1])
            over.set()

        def reads(number):
            api, n, newest = server.api(), 0, 0
            while not over.is_set():
                floor = acknowledged[0]
                if number % 2:
                    got = listed(api, CONFIGMAPS)
                    item, = [o for o in got['items'] if o['metadata']['name'] == 'w']
                    check(version(got) >= version(item), 'a list is older than what is in it')
                    check(version(got) >= newest, 'lists of one client go back')
                    newest = version(got)
                else:
                    item = api.get(CONFIGMAPS + '/w')[1]
                check(version(item) >= floor, 'read %d, %d was acknowledged before it began' % (version(item), floor))
                n += 1
            check(n > 20, 'only %d reads' % n)

        together(writes, *[lambda i=i: reads(i) for i in range(6)])


# ---- pages ----

def evictions_at_once_all_charge_one_budget():
    budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
    count = 50 if os.environ.get('SAN') else 150  # each waits for those before it, and has 34 s
    with Server('--workers=4') as server:
        api = server.api()
        for i in range(count):
            api.create('/api/v1/namespaces/default/pods', {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {
                'name': 'p%d' % i, 'labels': {'a': 'b'}}, 'spec': {'containers': [{'name': 'c', 'image': 'i'}]}})
            api.patch('/api/v1/namespaces/default/pods/p%d/status' % i, {'status': {
                'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}})
        api.create(budgets, {'apiVersion': 'policy/v1', 'kind': 'PodDisruptionBudget', 'metadata': {'name': 'b'},
                             'spec': {'minAvailable': 1, 'selector': {'matchLabels': {'a': 'b'}}}})
        api.patch(budgets + '/b/status', {'status': {
            'disruptionsAllowed': count, 'currentHealthy': count, 'desiredHealthy': 1, 'expectedPods': count,
            'observedGeneration': 1}})
        begin = threading.Barrier(count)

        def evicts(i, own):
            def run_one():
                own.get('/version')
                begin.wait()
                status, got = own.create('/api/v1/namespaces/default/pods/p%d/eviction' % i, {
                    'apiVersion': 'policy/v1', 'kind': 'Eviction', 'metadata': {'name': 'p%d' % i}})
                check(status == 201, 'eviction %d: %d %s' % (i, status, got))
            return run_one

        together(*[evicts(i, server.api()) for i in range(count)])
        left = api.get(budgets + '/b')[1]['status']['disruptionsAllowed']
        check(left == 0, '%d disruptions are allowed after %d evictions' % (left, count))


def churn(server, seed, over):
    api, rng = server.api(), random.Random(seed)
    while not over.is_set():
        name = 'c%03d' % rng.randrange(150)
        labels = {'half': rng.choice(['l', 'r'])}
        what = rng.random()
        if what < 0.4:
            status, got = api.create(CONFIGMAPS, {'apiVersion': 'v1', 'kind': 'ConfigMap',
                                                  'metadata': {'name': name, 'labels': labels}})
            check(status in (201, 409), 'create: %d %s' % (status, got))
        elif what < 0.7:
            status, got = api.patch(CONFIGMAPS + '/' + name, {'data': {'v': str(rng.random())}, 'metadata': {'labels': labels}})
            check(status in (200, 404), 'patch: %d %s' % (status, got))
        else:
            status, got = api.delete(CONFIGMAPS + '/' + name)
            check(status in (200, 404), 'delete: %d %s' % (status, got))


def chain(server, rng, chains):
    """One list in pages, each through a connection of its own."""
    selector = rng.choice(['', '', 'labelSelector=half%3Dl'])
    limit, token, items, first = rng.choice([1, 3, 7, 20, 64]), '', [], None
    while True:
        api = server.api()
        got = listed(api, CONFIGMAPS, '&'.join(x for x in ('limit=%d' % limit, selector, token and 'continue=' + token) if x))
        api.close()
        first = first or version(got)
        check(version(got) == first, 'page of revision %d in a chain of %d' % (version(got), first))
        items += got['items']
        token = got['metadata'].get('continue')
        check(len(got['items']) == limit if token and not selector else len(got['items']) <= limit, 'a page of wrong length')
        if not selector and token:
            chains.append(('remaining', first, len(items), got['metadata']['remainingItemCount']))
        if not token:
            break
    chains.append(('list', first, selector != '', [(key(o), o) for o in items]))


def pages_are_one_state_under_churn():
    with Server('--workers=4') as server:
        begin = listed(server.api(), CONFIGMAPS)
        stream = Stream(server, CONFIGMAPS, 'resourceVersion=%s' % begin['metadata']['resourceVersion'])
        over, chains = threading.Event(), []

        def read(seed):
            rng, api, end = random.Random(seed), server.api(), time.monotonic() + 6
            try:
                while time.monotonic() < end:
                    chain(server, rng, chains)
                    some = rng.choice(chains)[1]
                    got = listed(api, CONFIGMAPS, 'resourceVersionMatch=Exact&resourceVersion=%d' % some)
                    check(version(got) == some, 'asked for exactly %d, got %d' % (some, version(got)))
                    chains.append(('list', some, False, [(key(o), o) for o in got['items']]))
            finally:
                over.set() if seed % 2 else None

        together(lambda: churn(server, SEED, over), lambda: churn(server, SEED + 1, over),
                 lambda: read(SEED * 2), lambda: read(SEED * 2 + 1))
        got = server.api().create(CONFIGMAPS, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'fence'}})[1]
        settle(stream, version(got))
        history = History(begin['items'], stream.lines)
        stream.close()
        for what, revision, *rest in chains:
            state = sorted(history.state_at(revision).items())
            if what == 'remaining':
                seen, said = rest
                check(said == len(state) - seen, 'remainingItemCount %d of %d behind %d' % (said, len(state), seen))
                continue
            halved, items = rest
            if halved:
                state = [(k, o) for k, o in state if o['metadata'].get('labels', {}).get('half') == 'l']
            check([k for k, _ in items] == [k for k, _ in state], 'list at %d has other objects' % revision)
            check(all(without_kind(o) == i for (_, o), (_, i) in zip(state, items)), 'list at %d: other contents' % revision)
        print('# %d lists and pages, %d changes' % (len(chains), len(history.events)))
        check(len(chains) > 20 and len(history.events) > 200, 'too little happened')


def without_kind(obj):
    return {k: v for k, v in obj.items() if k not in ('kind', 'apiVersion')}


def settle(stream, last, seconds=20):
    """Until a stream without selector has told the newest change."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        n = len(stream.lines)
        if n and version(json.loads(stream.lines[n - 1])['object']) >= last:
            return
        time.sleep(0.02)
    check(False, '%s did not tell revision %d' % (stream.what, last))


# ---- selectors ----

def pod(ns, name, rng):
    out = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': name, 'namespace': ns, 'labels': some_labels(rng)},
           'spec': {'containers': [{'name': 'c', 'image': 'i'}]}}
    if rng.random() < 0.5:
        out['spec']['nodeName'] = rng.choice(NODES)
    return out


def some_labels(rng):
    return {k: rng.choice('xyz') for k in 'ab' if rng.random() < 0.7}


def change_pods(server, seed, count):
    api, rng = server.api(), random.Random(seed)
    for _ in range(count):
        n = rng.randrange(OBJECTS)
        ns, name = SPACES[n % len(SPACES)], 'p%02d' % n
        path = '/api/v1/namespaces/%s/pods' % ns
        what = rng.random()
        if what < 0.35:
            call, fine = api.create(path, pod(ns, name, rng)), (201, 409)
        elif what < 0.65:
            labels = dict({'a': None, 'b': None}, **some_labels(rng))
            call, fine = api.patch('%s/%s' % (path, name), {'metadata': {'labels': labels}}), (200, 404)
        elif what < 0.75:
            phase = rng.choice(['Pending', 'Running'])
            call, fine = api.patch('%s/%s/status' % (path, name), {'status': {'phase': phase}}), (200, 404)
        elif what < 0.85:
            call = api.create('%s/%s/binding' % (path, name), {'apiVersion': 'v1', 'kind': 'Binding', 'metadata': {'name': name},
                                                               'target': {'kind': 'Node', 'name': rng.choice(NODES)}})
            fine = (201, 404, 409)
        else:
            call, fine = api.delete('%s/%s?gracePeriodSeconds=0' % (path, name)), (200, 404)
        check(call[0] in fine, '%d %s' % call)
    api.close()


def is_bookmark(e):
    return e['type'] == 'BOOKMARK'


def compare(got, wanted, what):
    for i, (g, w) in enumerate(zip(got, wanted)):
        check((g['type'], version(g['object']), key(g['object'])) == (w['type'], version(w['object']), key(w['object'])),
              '%s: event %d is %s %s %s, must be %s %s %s' % (what, i, g['type'], g['object']['metadata']['resourceVersion'],
                                                             key(g['object']), w['type'],
                                                             w['object']['metadata']['resourceVersion'], key(w['object'])))
        check(g['object'] == w['object'], '%s: event %d: %s, must be %s' % (what, i, g['object'], w['object']))
    check(len(got) == len(wanted), '%s: %d events, must be %d' % (what, len(got), len(wanted)))


def check_initial(stream, selector, history):
    """State, mark, and then what came behind the mark."""
    events = stream.events()
    mark = next((i for i, e in enumerate(events) if is_bookmark(e)), None)
    check(mark is not None, '%s: no mark behind the initial state' % stream.what)
    check(events[mark]['object']['metadata']['annotations'] == {INITIAL_END: 'true'}, '%s: %s' % (stream.what, events[mark]))
    at = version(events[mark]['object'])
    state = sorted((k, o) for k, o in history.state_at(at).items() if selector.matches(o))
    compare(sorted(events[:mark], key=lambda e: key(e['object'])), [{'type': 'ADDED', 'object': o} for _, o in state], stream.what)
    compare([e for e in events[mark + 1:] if not is_bookmark(e)], history.seen_through(selector, at), stream.what)


def check_bookmarks(stream):
    """No bookmark goes back behind an event or a bookmark, none promises what comes later. Returns how many."""
    at, n = 0, 0
    for e in stream.events():
        v = version(e['object'])
        check(v >= at if is_bookmark(e) else v > at, '%s: %s %d behind %d' % (stream.what, e['type'], v, at))
        at, n = v, n + is_bookmark(e)
    return n


def check_resumed(server, history, selector):
    for i in range(49, len(history.versions), 50):
        at = history.versions[i]
        stream = Stream(server, '/api/v1/pods', 'resourceVersion=%d' % at)
        stream.wait_lines(len(history.lines) - i - 1)
        stream.close()
        check(stream.lines == history.lines[i + 1:], 'resumed at %d: %d events, must be %d, or others'
              % (at, len(stream.lines), len(history.lines) - i - 1))
        if i % 500 == 49:
            wanted = history.seen_through(selector, at)
            stream = Stream(server, selector.path, selector.query + '&resourceVersion=%d' % at)
            stream.wait_lines(len(wanted))
            stream.close()
            compare(stream.events(), wanted, stream.what)


def selectors_see_the_history_through_them():
    rng = random.Random(SEED)
    with Server('--workers=4') as server:
        api = server.api()
        for ns in SPACES:
            check(api.create('/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': ns}})[0] == 201, ns)
        together(lambda: change_pods(server, SEED + 10, OPS // 30))
        begin = listed(api, '/api/v1/pods')
        for o in begin['items']:  # items of a list come without
            o.update(apiVersion='v1', kind='Pod')
        since = 'resourceVersion=' + begin['metadata']['resourceVersion']
        full = Stream(server, '/api/v1/pods', since)
        selectors = [Selector(rng) for _ in range(20)]
        watches = [(Stream(server, s.path, s.query + '&' + since), s) for s in selectors]
        initial, short = [], []

        def come_later():
            for s in selectors[:10]:
                time.sleep(0.15)
                initial.append((Stream(server, s.path, s.query + '&sendInitialEvents=true&allowWatchBookmarks=true'
                                       '&resourceVersionMatch=NotOlderThan'), s))
                short.append(Stream(server, s.path, s.query + '&allowWatchBookmarks=true&timeoutSeconds=3&' + since))

        together(come_later, *[lambda i=i: change_pods(server, SEED + i, OPS // 4) for i in range(4)])
        settle(full, fence(api))
        history = History(begin['items'], list(full.lines))
        for stream, s in watches:
            wanted = history.seen_through(s)
            stream.wait_lines(len(wanted))
            compare(stream.events(), wanted, str(s))
        time.sleep(0.3)
        for stream, s in initial:
            check_initial(stream, s, history)
        for stream in short:
            stream.join(10)
            check(stream.ended, '%s did not end in time' % stream.what)
        marks = sum(check_bookmarks(s) for s in short)
        check(marks >= len(short), '%d bookmarks on %d watches that ended' % (marks, len(short)))
        for stream, _ in watches + initial + [(full, None)]:
            stream.close()
        check_resumed(server, history, selectors[0])
        print('# seed %d: %d changes through %d selectors, %d events in all' %
              (SEED, len(history.events), len(selectors), sum(len(w.lines) for w, _ in watches)))
        check(len(history.events) > OPS // 3, 'too little happened')


def fence(api):
    """A change of its own: when a stream has told it, it has told all before."""
    status, got = api.create('/api/v1/namespaces/one/pods', pod('one', 'fence', random.Random(0)))
    check(status == 201, 'fence: %d %s' % (status, got))
    return version(got)


print('# SEED=%d' % SEED)
run(reads_see_writes_through_other_workers, concurrent_reads_are_never_older_than_what_was_acknowledged,
    evictions_at_once_all_charge_one_budget, pages_are_one_state_under_churn, selectors_see_the_history_through_them)
