#!/usr/bin/env python3
"""What kube-controller-manager, kube-scheduler and API servers behind this one look for in a cluster: whose
certificates to believe, and since when the use of service account tokens is noted."""
import datetime
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run, until  # noqa: E402

MAPS = '/api/v1/namespaces/kube-system/configmaps'
TRUST, TRACKING = MAPS + '/extension-apiserver-authentication', \
    MAPS + '/kube-apiserver-legacy-service-account-token-tracking'


def make_ca(folder, name, days):
    path = folder + '/' + name
    for args in (['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', path, '-out', path + '.csr', '-subj', '/CN=' + name],
                 ['x509', '-req', '-in', path + '.csr', '-signkey', path, '-days', days, '-out', path + '.crt']):
        subprocess.run(['openssl', *args], check=True, stderr=subprocess.DEVNULL)
    with open(path + '.crt') as f:
        return f.read()


def data(api, path):
    return (api.get(path)[1].get('data') or {})


def the_cluster_says_whose_certificates_it_believes():
    with Server() as s:
        api = s.api()
        with open(s.dir + '/data/pki/ca.crt') as f:
            own = f.read()
        until(lambda: data(api, TRUST).get('client-ca-file') == own, 'the own CA')
        check(api.delete(TRUST)[0] == 200, 'delete')
        until(lambda: data(api, TRUST).get('client-ca-file') == own, 'the own CA again')
        other, over = make_ca(s.dir, 'other', '9'), make_ca(s.dir, 'over', '-1')
        wrong = {'data': {'client-ca-file': other + over + other, 'note': 'x'}}
        check(api.patch(TRUST, wrong)[0] == 200, 'patch')
        until(lambda: data(api, TRUST) == {'client-ca-file': other + own, 'note': 'x'},
                   "another server's CA stays, an expired one goes")


def tracking_has_a_first_day():
    with Server() as s:
        api, today = s.api(), lambda: datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d')
        before = today()
        until(lambda: data(api, TRACKING).get('since') in (before, today()), 'today')
        check(api.patch(TRACKING, {'data': {'since': '2020-02-03'}})[0] == 200, 'patch')
        check(api.patch(TRACKING, {'metadata': {'labels': {'a': 'b'}}})[0] == 200, 'patch')
        check(data(api, TRACKING) == {'since': '2020-02-03'}, 'a date stays')
        for wrong in ('long', '2020-13-01', '', None):
            check(api.patch(TRACKING, {'data': {'since': wrong}})[0] == 200, 'patch')
            until(lambda: data(api, TRACKING).get('since') in (before, today()), 'no date: %s' % wrong)


if __name__ == '__main__':
    run(the_cluster_says_whose_certificates_it_believes, tracking_has_a_first_day)
