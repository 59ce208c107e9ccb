#!/usr/bin/env python3
"""Every page of a list says exactly how many objects are left behind it: of one namespace and of all, of the present and of
the state that the first page was of, after processes were killed, and on a server that starts again."""
import os
import random
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run, until  # noqa: E402

COUNT, WRITERS, SPACES = 2400, 4, ['a', 'b', 'c']


def path(ns=''):
    return '/api/v1/namespaces/%s/configmaps' % ns if ns else '/api/v1/configmaps'


def config_map(ns, name):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name, 'namespace': ns}}


def space_of(i):
    return SPACES[min(i % 12, 2)]  # most are in the last one


def fill(server, number):
    api = server.api()
    for i in range(number, COUNT, WRITERS):
        status, got = api.create(path(space_of(i)), config_map(space_of(i), 'm%04d' % i))
        check(status == 201, 'create: %d %s' % (status, got))


def page(api, ns, limit, token):
    status, got = api.get(path(ns) + '?limit=%d%s' % (limit, token and '&continue=' + token))
    check(status == 200, 'a page: %d %s' % (status, str(got)[:300]))
    return got['metadata'], [o['metadata']['namespace'] + '/' + o['metadata']['name'] for o in got['items']]


def check_pages(api, ns, limit, between=lambda: None):
    """Pages say what is left, and together they are what was there at the first one."""
    whole = [o['metadata']['namespace'] + '/' + o['metadata']['name'] for o in api.get(path(ns))[1]['items']]
    token, seen = '', []
    while True:
        meta, names = page(api, ns, limit, token)
        seen += names
        left = len(whole) - len(seen)
        check(meta.get('remainingItemCount', 0) == left,
              'limit=%d in "%s": %s left behind %d of %d' % (limit, ns, meta.get('remainingItemCount'), len(seen), len(whole)))
        token = meta.get('continue', '')
        check(bool(token) == (left > 0), 'a token with %d left' % left)
        if not token:
            break
        between()
    check(seen == whole, 'the pages in "%s" are not the list' % ns)


def check_all(api, between=lambda: None):
    for ns, limit in ('', 500), ('a', 70), ('b', 33), ('c', 512), ('c', 199), ('', 1100):
        check_pages(api, ns, limit, between)


def changes(api):
    rng = random.Random(7)

    def some():
        for _ in range(12):
            i = rng.randrange(COUNT)
            one = path(space_of(i)) + '/m%04d' % i
            status = api.delete(one)[0]
            if status == 404:
                status = api.create(path(space_of(i)), config_map(space_of(i), 'm%04d' % i))[0]
            check(status in (200, 201), 'a change: %d' % status)
    return some


def pages_say_what_is_left():
    with Server('--workers=2') as server:
        api = server.api()
        for ns in SPACES:
            check(api.create('/api/v1/namespaces', {'metadata': {'name': ns}})[0] == 201, 'namespace ' + ns)
        threads = [threading.Thread(target=fill, args=(server, n)) for n in range(WRITERS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        check_all(api)
        check_all(api, changes(api))
        for i in range(0, COUNT, 2):  # every second, and nearly all of the first half
            api.delete(path(space_of(i)) + '/m%04d' % i)
        check_all(api)
        for _ in range(3):
            changes(api)()
            for pid in server.children()['watcher']:
                os.kill(pid, signal.SIGKILL)
            until(lambda: api.create(path('a'), config_map('a', 'k%d' % random.randrange(10**9)))[0] == 201, 'no write')
        check_all(api)
        server.stop()
        server.start()
        check_all(server.api())


run(pages_say_what_is_left)
