"""A real etcd cluster, each member in a network namespace of its own, so that it can be cut off as by a cable.

    with Cluster() as c:                     # three members that elected a leader
        c.url                                # for --etcd-servers
        c.kill(i), c.start(i), c.pause(i), c.resume(i), c.cut(i), c.heal(i), c.leader(), c.heal_all()
        c.call(i, 'maintenance/status', {})  # the JSON gateway of one member

may_cut() says whether this machine lets us; it moves the caller into a network namespace of its own, so call it
before anything opens a socket. Namespaces end with their processes: nothing is left behind. Only the standard
library; etcd from Debian's etcd-server, ip from iproute2.
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

CLONE_NEWNET = 0x40000000
NET = '10.213.77.'
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*args):
    return subprocess.run(['ip', *args], capture_output=True).returncode == 0


def may_cut():
    return (LIBC.unshare(CLONE_NEWNET) == 0 and ip('link', 'set', 'lo', 'up')
            and ip('link', 'add', 'br0', 'type', 'bridge') and ip('addr', 'add', NET + '1/24', 'dev', 'br0')
            and ip('link', 'set', 'br0', 'up'))


def die_with_parent():
    LIBC.prctl(1, signal.SIGKILL)


class Member:
    """A namespace (a process that sleeps in it) with a cable to br0, and the etcd in it. Names and addresses are used
    once: the kernel takes a namespace down when it has time."""
    made = 0

    def __init__(self, i, folder):
        Member.made += 1
        self.i, self.dir, self.process = i, folder, None
        self.name, self.address, self.cable = 'm%d' % i, NET + str(10 + Member.made), 'cable%d' % Member.made
        self.url, self.peer = 'http://%s:2379' % self.address, 'http://%s:2380' % self.address
        self.holder = subprocess.Popen(['sleep', 'infinity'], preexec_fn=self.unshare, stdin=subprocess.DEVNULL)
        while os.readlink('/proc/%d/ns/net' % self.holder.pid) == os.readlink('/proc/self/ns/net'):
            time.sleep(0.01)
        space = 'cubed-%d-%d' % (os.getpid(), Member.made)
        inside = ['-n', space]
        subprocess.run(['ip', 'netns', 'attach', space, str(self.holder.pid)], check=True)
        subprocess.run(['ip', 'link', 'add', self.cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space],
                       check=True)
        ok = (ip('link', 'set', self.cable, 'master', 'br0', 'up')
              and ip(*inside, 'addr', 'add', self.address + '/24', 'dev', 'eth0')
              and ip(*inside, 'link', 'set', 'eth0', 'up') and ip(*inside, 'link', 'set', 'lo', 'up'))
        ip('netns', 'del', space)  # the name only; the namespace lives as long as its processes
        if not ok:
            raise RuntimeError('cannot wire a network namespace')

    @staticmethod
    def unshare():
        die_with_parent()
        LIBC.unshare(CLONE_NEWNET)

    def enter(self):
        die_with_parent()
        fd = os.open('/proc/%d/ns/net' % self.holder.pid, os.O_RDONLY)
        LIBC.setns(fd, CLONE_NEWNET)
        os.close(fd)

    def start(self, cluster, flags):
        args = ['etcd', '--name', self.name, '--data-dir', os.path.join(self.dir, self.name),
                '--listen-client-urls', self.url, '--advertise-client-urls', self.url, '--listen-peer-urls', self.peer,
                '--initial-advertise-peer-urls', self.peer, '--initial-cluster', cluster, '--heartbeat-interval', '100',
                '--election-timeout', '1000', '--logger', 'zap', '--log-level', 'error', *flags]
        with open(os.path.join(self.dir, self.name + '.log'), 'ab') as log:
            self.process = subprocess.Popen(args, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            preexec_fn=self.enter)

    def close(self):
        for p in (self.process, self.holder):
            if p and p.poll() is None:
                p.kill()
                p.wait()


class Cluster:
    def __init__(self, *flags, size=3):
        root = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.dir, self.flags = tempfile.mkdtemp(prefix='cubed-test-etcd-', dir=root), list(flags)
        self.members = []
        self.size = size

    def __enter__(self):
        try:
            for i in range(self.size):
                self.members.append(Member(i, self.dir))
            self.url = ','.join(m.url for m in self.members)
            self.peers = ','.join('%s=%s' % (m.name, m.peer) for m in self.members)
            for i in range(self.size):
                self.start(i)
            self.leader()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for m in self.members:
            m.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def call(self, i, what, body, timeout=2):
        r = urllib.request.Request(self.members[i].url + '/v3/' + what, data=json.dumps(body).encode(),
                                   headers={'Content-Type': 'application/json'})
        with urllib.request.urlopen(r, timeout=timeout) as a:
            return json.loads(a.read())

    def status(self, i):
        try:
            return self.call(i, 'maintenance/status', {})
        except OSError:
            return None

    def leader(self, wait=30):
        """Index of the member that says it leads, once one does."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            for i in range(self.size):
                s = self.status(i)
                if s and s.get('leader', '0') != '0' and s['leader'] == s['header']['member_id']:
                    return i
            time.sleep(0.1)
        raise RuntimeError('the cluster has no leader')

    def settled(self, wait=30):
        """Until every member follows a leader: before that, losing one more may lose the majority."""
        end = time.monotonic() + wait
        while not all((self.status(i) or {}).get('leader', '0') != '0' for i in range(self.size)):
            if time.monotonic() > end:
                raise RuntimeError('a member does not come back')
            time.sleep(0.1)

    def follower(self):
        return (self.leader() + 1) % self.size

    def start(self, i):
        self.members[i].start(self.peers, self.flags)

    def kill(self, i):
        self.members[i].process.kill()
        self.members[i].process.wait()

    def pause(self, i):
        self.members[i].process.send_signal(signal.SIGSTOP)

    def resume(self, i):
        self.members[i].process.send_signal(signal.SIGCONT)

    def cut(self, i):
        ip('link', 'set', self.members[i].cable, 'down')

    def heal(self, i):
        ip('link', 'set', self.members[i].cable, 'up')
