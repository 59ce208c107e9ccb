#!/usr/bin/env python3
"""DELETE of a collection that is too large for one slice of the server's time: with a selector that few of its objects
match, in pages, and as a whole; nobody else waits meanwhile."""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run  # noqa: E402

PATH, COUNT, WRITERS = '/api/v1/namespaces/default/configmaps', 4000, 4
READ_WITHIN = 3 if os.environ.get('SAN') else 1  # seconds; sanitizers slow the server down


def fill(server, number):
    api = server.api()
    for i in range(number, COUNT, WRITERS):
        status, got = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'data': {'v': 'x' * 5000},
                                        'metadata': {'name': 'w%04d' % i, 'labels': {'of': str(i % 1000)}}})
        check(status == 201, 'create: %d %s' % (status, got))


def names(got):
    return [o['metadata']['name'] for o in got['items']]


def large_collections_are_deleted():
    with Server('--workers=1', '--request-timeout=20s') as server:
        threads = [threading.Thread(target=fill, args=(server, n)) for n in range(WRITERS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        api, left = server.api(), ['w%04d' % i for i in range(COUNT)]
        status, got = api.delete(PATH + '?labelSelector=of%3D7')
        check(status == 200 and names(got) == left[7::1000], 'selected: %d %s' % (status, str(got)[:300]))
        left = [n for n in left if n not in names(got)]
        status, got = api.delete(PATH + '?limit=10')
        check(status == 200 and names(got) == left[:10], 'a page: %d %s' % (status, str(got)[:300]))
        check(got['metadata']['remainingItemCount'] == len(left) - 10, 'left: %s' % got['metadata'])
        slowest, over = [0.0], threading.Event()

        def others():
            other = server.api()
            while not over.is_set():
                begin = time.monotonic()
                other.get('/api/v1/namespaces/default')
                slowest[0] = max(slowest[0], time.monotonic() - begin)

        t = threading.Thread(target=others)
        t.start()
        status, body = api.call('DELETE', PATH, raw=True)
        over.set()
        t.join()
        got = json.loads(body)  # only now: it would hold up the reader in this process
        check(status == 200 and names(got) == left[10:], 'all: %d %s' % (status, str(got)[:300]))
        check(names(api.get(PATH)[1]) == [], 'not all are gone')
        print('# slowest read meanwhile: %.0f ms' % (slowest[0] * 1000))
        check(slowest[0] < READ_WITHIN, 'a read waited %.1f s' % slowest[0])


run(large_collections_are_deleted)
