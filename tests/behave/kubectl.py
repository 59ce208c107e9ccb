#!/usr/bin/env python3
"""What a person does with kubectl, on a server that runs alone: apply, get in all forms, describe, edit, patch, label,
annotate, scale, replace, wait, watch, delete, explain, api-resources."""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import ROOT, Server, check, run  # noqa: E402

SHOP = os.path.join(ROOT, 'tests', 'behave', 'manifests', 'shop.yaml')
server = Server('--workers=2')


def environment():
    home = os.path.join(server.dir, 'home')
    os.makedirs(home, exist_ok=True)
    return dict(os.environ, KUBECONFIG=os.path.join(server.dir, 'data', 'admin.kubeconfig'), HOME=home)


def kubectl(*args, stdin=None, fails=False, env=None):
    """Runs kubectl; its standard output. fails: it must fail; then both outputs."""
    p = subprocess.run(['kubectl', *args], input=stdin, env=dict(environment(), **(env or {})), text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    text = 'kubectl %s: %s%s' % (' '.join(args), p.stdout, p.stderr)
    check((p.returncode != 0) == fails, text)
    return p.stdout + p.stderr if fails else p.stdout


def tree(*args):
    return json.loads(kubectl('get', *args, '-o', 'json'))


def has(text, *patterns):
    for p in patterns:
        check(re.search(p, text, re.M), '%r is not in:\n%s' % (p, text))


def first_look():
    has(kubectl('get', 'namespaces'), r'^NAME +STATUS +AGE|^NAME +AGE', r'^default ', r'^kube-system ', r'^kube-public ',
        r'^kube-node-lease ')
    has(kubectl('version'), r'Server Version: (version\.Info\{.*GitVersion:")?v1\.36')
    has(kubectl('cluster-info'), r'is running at')
    has(kubectl('get', 'service', 'kubernetes', '-o', 'yaml'), r'^kind: Service$', r'clusterIP: 10\.')
    client = json.loads(kubectl('version', '--client', '-o', 'json'))['clientVersion']
    if int(client['minor'].rstrip('+')) >= 28:  # older ones ask for a version of the review that 1.36 serves no more
        has(kubectl('auth', 'whoami'), r'system:masters')


def api_resources():
    text = kubectl('api-resources')
    has(text, r'^pods +po +v1 +true +Pod$', r'^deployments +deploy +apps/v1 +true +Deployment$',
        r'^leases +coordination\.k8s\.io/v1 +true +Lease$')
    has(kubectl('api-versions'), r'^apps/v1$', r'^v1$', r'^autoscaling/v2$')
    has(kubectl('api-resources', '--categories=all', '-o', 'name'), r'^pods$', r'^deployments\.apps$')


def explain():
    has(kubectl('explain', 'pods'), r'KIND: +Pod', r'spec\t<PodSpec>')
    has(kubectl('explain', 'deployment.spec.template.spec.containers.image'), r'FIELD: image <string>')
    has(kubectl('explain', 'configmap', '--recursive'), r'binaryData', r'managedFields')


def apply_and_get():
    has(kubectl('apply', '-f', SHOP), r'^namespace/shop created$', r'^deployment.apps/front created$', r'^statefulset.apps/db created$')
    has(kubectl('apply', '-f', SHOP), r'^configmap/settings unchanged$', r'^deployment.apps/front unchanged$',
        r'^service/front unchanged$')
    check(kubectl('diff', '-f', SHOP) == '', 'what was applied differs')
    has(kubectl('get', 'deployments', '-n', 'shop'), r'^NAME ', r'^front ')
    has(kubectl('get', 'deployments', '-n', 'shop', '-o', 'wide'), r'^front ')
    has(kubectl('get', 'cm', 'settings', '-n', 'shop', '-o', 'yaml'), r'^  greeting: \|$', r'^    <world> & "friends"$')
    check(kubectl('get', 'cm,secret,deploy', '-n', 'shop', '-l', 'app=shop', '-o', 'name').split() ==
          ['configmap/settings', 'secret/login', 'deployment.apps/front'], 'names by label')
    check(kubectl('get', 'secret', 'login', '-n', 'shop', '-o', 'jsonpath={.data.user}') == 'c2hvcA==', 'stringData became data')
    check(kubectl('get', 'deploy', 'front', '-n', 'shop', '-o', 'jsonpath={.spec.template.spec.containers[*].name}') == 'web proxy',
          'containers')
    has(kubectl('get', 'all', '-A'), r'deployment.apps/front', r'service/kubernetes')
    has(kubectl('get', 'cm', '-A', '--field-selector', 'metadata.name=settings'), r'^shop +settings ')
    has(kubectl('get', 'cm', 'nothing', '-n', 'shop', fails=True), r'Error from server \(NotFound\): configmaps "nothing" not found')
    check(kubectl('get', 'pods', '-n', 'shop', '--ignore-not-found') == '', 'no pods')


def describe():
    has(kubectl('describe', 'deployment', 'front', '-n', 'shop'), r'^Name: +front$', r'example.com/shop/front:1.0', r'^Replicas: +2 desired')
    has(kubectl('describe', 'cm', 'settings', '-n', 'shop'), r'^max:$')
    has(kubectl('describe', 'namespace', 'shop'), r'^Status: +Active$')
    has(kubectl('describe', 'service', 'front', '-n', 'shop'), r'^TargetPort: +8080/TCP$')


def change():
    changed = open(SHOP).read().replace('front:1.0', 'front:2.0').replace('max: "10"', 'max: "11"')
    has(kubectl('apply', '-f', '-', stdin=changed), r'^deployment.apps/front configured$', r'^configmap/settings configured$')
    d = tree('deploy', 'front', '-n', 'shop')
    check([c['image'] for c in d['spec']['template']['spec']['containers']] == ['example.com/shop/front:2.0', 'example.com/shop/proxy:1.0'],
          'images after apply')
    check(d['metadata']['generation'] == 2, 'generation %r' % d['metadata'].get('generation'))
    kubectl('label', 'deploy/front', '-n', 'shop', 'color=blue')
    has(kubectl('label', 'deploy/front', '-n', 'shop', 'color=red', fails=True), r"already has a value")
    kubectl('label', 'deploy/front', '-n', 'shop', 'color=red', '--overwrite')
    kubectl('annotate', 'deploy/front', '-n', 'shop', 'note=hi')
    kubectl('label', 'deploy/front', '-n', 'shop', 'color-')
    d = tree('deploy', 'front', '-n', 'shop')
    check('color' not in d['metadata']['labels'] and d['metadata']['annotations']['note'] == 'hi', 'label and annotation')
    check(d['metadata']['generation'] == 3, 'of a Deployment spec and annotations raise the generation, labels do not')


def patch_three_ways():
    kubectl('patch', 'deploy', 'front', '-n', 'shop', '-p',
            '{"spec":{"template":{"spec":{"containers":[{"name":"proxy","image":"example.com/shop/proxy:2.0"}]}}}}')
    d = tree('deploy', 'front', '-n', 'shop')
    check([c['name'] for c in d['spec']['template']['spec']['containers']] == ['web', 'proxy'], 'a strategic merge keeps the other container')
    kubectl('patch', 'cm', 'settings', '-n', 'shop', '--type=merge', '-p', '{"data":{"max":null,"min":"1"}}')
    check(sorted(tree('cm', 'settings', '-n', 'shop')['data']) == ['greeting', 'min'], 'a merge patch removes with null')
    kubectl('patch', 'cm', 'settings', '-n', 'shop', '--type=json', '-p', '[{"op":"replace","path":"/data/min","value":"2"}]')
    check(tree('cm', 'settings', '-n', 'shop')['data']['min'] == '2', 'JSON patch')
    has(kubectl('patch', 'cm', 'settings', '-n', 'shop', '--type=json', '-p', '[{"op":"test","path":"/data/min","value":"9"}]', fails=True),
        r'The request is invalid')


def scale():
    kubectl('scale', 'deploy', 'front', '-n', 'shop', '--replicas=5')
    check(tree('deploy', 'front', '-n', 'shop')['spec']['replicas'] == 5, 'replicas')
    has(kubectl('scale', 'deploy', 'front', '-n', 'shop', '--replicas=6', '--current-replicas=4', fails=True), r'[Ee]xpected')
    kubectl('scale', 'statefulset', 'db', '-n', 'shop', '--replicas=0')
    check(tree('sts', 'db', '-n', 'shop')['spec']['replicas'] == 0, 'replicas 0')


def edit_and_replace():
    editor = os.path.join(server.dir, 'editor.sh')
    with open(editor, 'w') as f:
        f.write('#!/bin/sh\nsed -i "s/min: .*/min: edited/" "$1"\n')
    os.chmod(editor, 0o755)
    has(kubectl('edit', 'cm', 'settings', '-n', 'shop', env={'KUBE_EDITOR': editor}), r'^configmap/settings edited$')
    cm = tree('cm', 'settings', '-n', 'shop')
    check(cm['data']['min'] == 'edited', 'edit')
    old = json.dumps(cm)
    cm['data'] = {'replaced': 'yes'}
    has(kubectl('replace', '-f', '-', stdin=json.dumps(cm)), r'^configmap/settings replaced$')
    has(kubectl('replace', '-f', '-', stdin=old, fails=True), r'\(Conflict\)', r'the object has been modified')


def create_many_ways():
    kubectl('create', 'namespace', 'many')
    kubectl('create', 'configmap', 'a', '-n', 'many', '--from-literal=k=v')
    kubectl('create', 'deployment', 'web', '-n', 'many', '--image=example.com/web:1')
    kubectl('run', 'one', '-n', 'many', '--image=example.com/one:1', '--labels=run=one')
    kubectl('expose', 'deployment', 'web', '-n', 'many', '--port=80')
    kubectl('create', 'role', 'r', '-n', 'many', '--verb=get', '--resource=pods')
    kubectl('create', 'job', 'j', '-n', 'many', '--image=example.com/job:1')
    has(kubectl('create', 'configmap', 'a', '-n', 'many', fails=True), r'configmaps "a" already exists')
    has(kubectl('create', 'configmap', 'a', '-n', 'absent', fails=True), r'namespaces "absent" not found')
    pod = tree('pod', 'one', '-n', 'many')
    check(pod['status'].get('phase') == 'Pending', 'a new pod is pending')


def watch_sees_changes():
    p = subprocess.Popen(['kubectl', 'get', 'cm', '-n', 'many', '-w', '-o', 'name'], env=environment(), text=True, stdout=subprocess.PIPE)
    try:
        first = p.stdout.readline()
        kubectl('create', 'configmap', 'seen', '-n', 'many')
        check(first == 'configmap/a\n' and p.stdout.readline() == 'configmap/seen\n', 'watch')
    finally:
        p.kill()
        p.wait()


def wait_for_things():
    p = subprocess.Popen(['kubectl', 'wait', '--for=delete', 'cm/seen', '-n', 'many', '--timeout=20s'], env=environment(),
                         stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    kubectl('delete', 'cm', 'seen', '-n', 'many')
    check(p.wait(20) == 0, 'wait --for=delete')
    kubectl('wait', '--for=jsonpath={.status.phase}=Pending', 'pod/one', '-n', 'many', '--timeout=10s')


def delete_things():
    has(kubectl('delete', 'cm', 'a', '-n', 'many'), r'^configmap "a" deleted')
    has(kubectl('delete', 'cm', 'a', '-n', 'many', fails=True), r'NotFound')
    kubectl('delete', 'cm', 'a', '-n', 'many', '--ignore-not-found')
    has(kubectl('delete', 'deploy,svc', '-l', 'app=web', '-n', 'many'), r'deployment.apps "web" deleted', r'service "web" deleted')
    kubectl('delete', 'cm', '--all', '-n', 'many')
    kubectl('delete', 'pod', 'one', '-n', 'many', '--wait=false')
    check(kubectl('get', 'cm', '-n', 'many', '-o', 'name') == '', 'delete --all')


def delete_namespace_ends():
    """And leaves who names it first the time to delete all that is in it by name."""
    start = time.monotonic()
    kubectl('delete', 'namespace', 'many', '--wait=false')
    said = kubectl('delete', '-f', SHOP, '--timeout=30s')
    check(said.count(' deleted') == open(SHOP).read().count('\nkind: '), said)
    kubectl('wait', '--for=delete', 'namespace', 'many', '--timeout=30s')
    check(time.monotonic() - start < 20, 'deleting namespaces took %.0f s' % (time.monotonic() - start))
    for ns in ('many', 'shop'):
        has(kubectl('get', 'namespace', ns, fails=True), r'NotFound')
    left = json.loads(kubectl('get', 'deploy,cm,pods', '-A', '-o', 'json'))['items']
    check(not [o for o in left if o['metadata']['namespace'] in ('many', 'shop')], 'objects of deleted namespaces')


def dry_run():
    before = kubectl('get', 'cm', '-A', '-o', 'name')
    has(kubectl('create', 'configmap', 'no', '--dry-run=server', '-o', 'yaml'), r'uid: ')
    check(kubectl('get', 'cm', '-A', '-o', 'name') == before, 'dry run')


def eviction_asks_the_budget():
    """A drain: the budget lets one pod go and is charged for it, the next one stays."""
    ready = {'status': {'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}}
    for name in ('e1', 'e2'):
        pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': name, 'labels': {'app': 'evicted'}},
               'spec': {'nodeName': 'n', 'containers': [{'name': 'c', 'image': 'i'}]}}
        kubectl('create', '-f', '-', stdin=json.dumps(pod))
        kubectl('patch', 'pod', name, '--subresource=status', '--type=merge', '-p', json.dumps(ready))
    kubectl('create', 'pdb', 'budget', '--selector=app=evicted', '--min-available=1')
    kubectl('patch', 'pdb', 'budget', '--subresource=status', '--type=merge', '-p', json.dumps({'status': {
        'observedGeneration': 1, 'disruptionsAllowed': 1, 'currentHealthy': 2, 'desiredHealthy': 1, 'expectedPods': 2}}))
    path = '/api/v1/namespaces/default/pods/%s/eviction'
    ask = '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"%s","namespace":"default"}}'
    kubectl('create', '--raw', path % 'e1', '-f', '-', stdin=ask % 'e1')
    check('deletionTimestamp' in tree('pod', 'e1')['metadata'], 'e1 goes')
    check(tree('pdb', 'budget')['status']['disruptionsAllowed'] == 0, 'the budget is charged')
    has(kubectl('create', '--raw', path % 'e2', '-f', '-', stdin=ask % 'e2', fails=True),
        "would violate the pod's disruption budget")
    check('deletionTimestamp' not in tree('pod', 'e2')['metadata'], 'e2 stays')


def service_addresses_are_unique():
    kubectl('create', 'service', 'clusterip', 'one', '--tcp=80', '--clusterip=10.0.0.77')
    has(kubectl('create', 'service', 'clusterip', 'two', '--tcp=80', '--clusterip=10.0.0.77', fails=True),
        'provided IP is already allocated')


if __name__ == '__main__':
    with server:
        run(first_look, api_resources, explain, apply_and_get, describe, change, patch_three_ways, scale, edit_and_replace,
            create_many_ways, watch_sees_changes, wait_for_things, delete_things, delete_namespace_ends, dry_run,
            eviction_asks_the_budget, service_addresses_are_unique)
