#!/usr/bin/env python3
"""A data directory on a tmpfs of SIZE_MIB (12) that is filled to the brim: writes are refused with a clear Status, reads and
deletes go on, and after kill -9 of everything and a start with more room every acknowledged write is there.
Needs the right to mount, best in a mount namespace of its own, so that nothing is left behind; skipped otherwise."""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run  # noqa: E402

SIZE_MIB = int(os.environ.get('SIZE_MIB', '12'))
PATH = '/api/v1/namespaces/default/configmaps'
CLONE_NEWNS = 0x20000
FLAGS = ('--workers=1', '--cache-window-bytes=1048576')


def may_mount():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or subprocess.run(['mount', '--make-rprivate', '/'], capture_output=True).returncode != 0:
        return False
    return mount('/mnt', 1) and subprocess.run(['umount', '/mnt'], capture_output=True).returncode == 0


def mount(path, size_mib, *options):
    options = ','.join(('size=%dm' % size_mib,) + options)
    return subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path], capture_output=True).returncode == 0


def kill_all(server):
    pids = [server.process.pid] + sum(server.children().values(), [])
    os.kill(server.process.pid, signal.SIGSTOP)  # or it would replace its children meanwhile
    for pid in pids[1:] + pids[:1]:
        os.kill(pid, signal.SIGKILL)
    server.process.wait()


def refused(status, tree, what):
    check(500 <= status < 600, '%s on a full disk is answered %d %.200r' % (what, status, tree))
    check(isinstance(tree, dict) and tree.get('kind') == 'Status' and tree.get('code') == status,
          '%s: %d without a Status: %.200r' % (what, status, tree))
    text = tree.get('message', '').lower()
    check('space' in text or 'full' in text or 'quota' in text, '%s: the message does not say why: %r' % (what, tree.get('message')))


def fill(api, acked, size, first=0):
    """Creates until a write is refused; returns the refusal."""
    for i in range(first, first + 100000):
        name = 'full-%d' % i
        value = '%d' % i + 'x' * size
        status, tree = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': {'v': value}})
        if status != 201:
            return i, status, tree
        acked[name] = value
    check(False, '100,000 objects fit')


def compare(api, acked, deleted):
    status, items = api.get(PATH)
    check(status == 200, 'list: %d' % status)
    have = {i['metadata']['name']: i.get('data', {}).get('v') for i in items['items']}
    lost = [n for n, v in acked.items() if have.get(n) != v]
    check(not lost, '%d of %d acknowledged writes are lost: %r' % (len(lost), len(acked), lost[:5]))
    back = [n for n in deleted if n in have]
    check(not back, '%d of %d acknowledged deletes came back: %r' % (len(back), len(deleted), back[:5]))
    return have


@contextlib.contextmanager
def server_on_a_small_disk():
    """Only its data: the log must not take the room."""
    server = Server(*FLAGS)
    top = os.path.join(server.dir, 'data')
    os.mkdir(top)
    try:
        check(mount(top, SIZE_MIB), 'cannot mount a tmpfs')
        with server:
            yield server, top
    finally:
        subprocess.run(['umount', '-l', top], capture_output=True)
        shutil.rmtree(server.dir, ignore_errors=True)


def disk_full():
    with server_on_a_small_disk() as (server, top):
        on_a_full_disk(server, top)


def on_a_full_disk(server, top):
    pids, acked, deleted, api = server.children(), {}, [], server.api()
    slowest = 0
    last, status, tree = fill(api, acked, 20000)
    refused(status, tree, 'create')
    first_tree = tree
    for size in (2000, 10):  # to the last page
        last, status, tree = fill(api, acked, size, last + 1)
        refused(status, tree, 'create')
    for _ in range(20):  # the store may give up some more of its window for one or two
        start = time.monotonic()
        last, status, tree = fill(api, acked, 20000, last + 1)
        refused(status, tree, 'create')
        slowest = max(slowest, time.monotonic() - start)
    name = next(iter(acked))
    refused(*api.patch(PATH + '/' + name, {'data': {'w': 'x' * 500000}}), 'patch')
    status, got = api.get(PATH + '/' + name)
    check(status == 200 and got['data'] == {'v': acked[name]}, 'get on a full disk: %d %.200r' % (status, got))
    compare(api, acked, deleted)
    check(server.children() == pids, 'a full disk ended a child: ' + server.log()[-1500:])

    for name in list(acked)[:40]:
        status, tree = api.delete(PATH + '/' + name)
        check(status == 200, 'delete on a full disk is answered %d %.300r' % (status, tree))
        del acked[name]
        deleted.append(name)
    compare(api, acked, deleted)
    check(server.children() == pids, 'a full disk ended a child: ' + server.log()[-1500:])

    kill_all(server)
    check(mount(top, SIZE_MIB * 4, 'remount'), 'cannot remount')
    server.start()
    api = server.api()
    compare(api, acked, deleted)
    status, tree = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'after'}, 'data': {'v': 'x' * 50000}})
    check(status == 201, 'with more room a create is answered %d %.200r' % (status, tree))
    print('# %d writes and %d deletes acknowledged and found again; refused within %.0f ms: %s' %
          (len(acked), len(deleted), slowest * 1000, json.dumps(first_tree.get('message'))))


def room_comes_back_without_a_restart():
    with server_on_a_small_disk() as (server, top):
        api, acked = server.api(), {}
        refused(*fill(api, acked, 20000)[1:], 'create')
        check(mount(top, SIZE_MIB * 4, 'remount'), 'cannot remount')
        status, tree = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'after'}, 'data': {'v': 'x' * 20000}})
        check(status == 201, 'with more room a create is answered %d %.200r' % (status, tree))
        compare(api, acked, [])


if not may_mount():
    print('# skipped: no right to mount (unshare of the mount namespace is refused)')
    sys.exit(0)
run(disk_full, room_comes_back_without_a_restart)
