#!/usr/bin/env python3
"""Server-side apply as people use it: the real kubectl applies real manifests, again without a change, two managers get in
each other's way, one takes over, fields go that are no longer applied, client-side apply is left behind, status and scale
have owners of their own."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import ROOT, Server, check, run  # noqa: E402

SHOP = os.path.join(ROOT, 'tests', 'behave', 'manifests', 'shop.yaml')
server = Server('--workers=2')
DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'


def kubectl(*args, stdin=None, code=0):
    """Runs kubectl, which must end with this code; what it printed."""
    env = dict(os.environ, KUBECONFIG=os.path.join(server.dir, 'data', 'admin.kubeconfig'), HOME=server.dir)
    p = subprocess.run(['kubectl', *args], input=stdin, env=env, text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=120)
    check(p.returncode == code, 'kubectl %s: %d %s%s' % (' '.join(args), p.returncode, p.stdout, p.stderr))
    return p.stdout + p.stderr


def get(path):
    status, obj = server.api().call('GET', path)
    check(status == 200, '%s: %d' % (path, status))
    return obj


def owners(obj):
    """Who owns what: (manager, operation, subresource) -> fields."""
    return {(e['manager'], e['operation'], e.get('subresource', '')): e['fieldsV1']
            for e in obj['metadata'].get('managedFields', [])}


def deployment(**spec):
    return json.dumps({'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'web'}, 'spec': dict(
        {'selector': {'matchLabels': {'app': 'web'}}, 'template': {
            'metadata': {'labels': {'app': 'web'}},
            'spec': {'containers': [{'name': 'c', 'image': 'nginx:1', 'ports': [{'containerPort': 80}]}]}}}, **spec)})


def patch(path, content_type, body, status, query=''):
    code, obj = server.api().call('PATCH', path + query, body, {'Content-Type': content_type})
    check(code == status, 'PATCH %s%s: %d %s' % (path, query, code, obj))
    return obj


def manifests_apply_and_apply_again():
    files = ('--server-side', '-f', SHOP)
    versions = ('get', '-f', SHOP, '-o', 'jsonpath={.items[*].metadata.resourceVersion}')
    said = kubectl('apply', *files)
    check('serverside-applied' in said, said)
    kubectl('apply', *files)  # whoever owned nothing, as of a namespace with a name alone, counts as nobody once more
    before = kubectl(*versions)
    kubectl('diff', *files)
    kubectl('apply', *files)
    after = kubectl(*versions)
    check(before == after, 'applied again, and changed: %s, %s' % (before, after))


def conflict_and_taking_over():
    kubectl('apply', '--server-side', '--field-manager=one', '-f', '-', stdin=deployment(replicas=2))
    said = kubectl('apply', '--server-side', '--field-manager=two', '-f', '-', stdin=deployment(replicas=3), code=1)
    check('Apply failed with 1 conflict: conflict with "one": .spec.replicas' in said, said)
    kubectl('apply', '--server-side', '--field-manager=two', '--force-conflicts', '-f', '-',
            stdin=deployment(replicas=3))
    web = get(DEPLOYMENTS + '/web')
    one, two = owners(web)['one', 'Apply', ''], owners(web)['two', 'Apply', '']
    check(web['spec']['replicas'] == 3, web['spec'])
    check('f:replicas' not in one['f:spec'] and 'f:replicas' in two['f:spec'], json.dumps(owners(web).__repr__()))
    check('k:{"containerPort":80,"protocol":"TCP"}' in json.dumps(one).replace('\\', ''), one)
    # what nobody applies any more goes; what is shared stays
    kubectl('apply', '--server-side', '--field-manager=two', '-f', '-', stdin=json.dumps(
        {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'web'}}))
    web = get(DEPLOYMENTS + '/web')
    check(web['spec']['replicas'] == 1 and ('two', 'Apply', '') not in owners(web), json.dumps(web['metadata']))
    check(web['spec']['template']['spec']['containers'][0]['image'] == 'nginx:1', 'the other manager lost its image')


def updates_status_and_scale_have_owners():
    kubectl('scale', 'deployment', 'web', '--replicas=4')
    patch(DEPLOYMENTS + '/web/status', 'application/merge-patch+json', {'status': {'observedGeneration': 1}}, 200,
          '?fieldManager=controller')
    kubectl('label', 'deployment', 'web', 'tier=front')
    who = owners(get(DEPLOYMENTS + '/web'))
    check(who['controller', 'Update', 'status'] == {'f:status': {'f:observedGeneration': {}}}, who)
    check(who['kubectl-label', 'Update', ''] == {'f:metadata': {'f:labels': {'.': {}, 'f:tier': {}}}}, who)


def from_client_side_apply():
    old = deployment(replicas=5).replace('"web"', '"legacy"', 1)
    kubectl('apply', '-f', '-', stdin=old)
    kubectl('apply', '--server-side', '-f', '-', stdin=old.replace('"replicas": 5', '"replicas": 6'))
    legacy = get(DEPLOYMENTS + '/legacy')
    check(legacy['spec']['replicas'] == 6, legacy['spec'])
    last = json.loads(legacy['metadata']['annotations']['kubectl.kubernetes.io/last-applied-configuration'])
    check(last['spec']['replicas'] == 6, last)


def owners_can_be_cleared_and_come_back():
    path = '/api/v1/namespaces/default/configmaps'
    server.api().call('POST', path, {'metadata': {'name': 'c'}, 'data': {'a': '1'}})
    check(get(path + '/c')['metadata']['managedFields'], 'a create has no owner')
    cleared = patch(path + '/c', 'application/merge-patch+json', {'metadata': {'managedFields': [{}]}}, 200)
    check('managedFields' not in cleared['metadata'], cleared['metadata'])
    config = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'c'}, 'data': {'a': '2'}}
    said = patch(path + '/c', 'application/apply-patch+yaml', config, 409, '?fieldManager=me')
    check('conflict with "before-first-apply" using v1' in said['message'], said)
    taken = patch(path + '/c', 'application/apply-patch+yaml', config, 200, '?fieldManager=me&force=true')
    check(taken['data'] == {'a': '2'} and ('me', 'Apply', '') in owners(taken), taken)


def json_that_is_kept_as_it_was_spelled():
    """An apply that changes nothing leaves it alone; one that changes anything writes it compact, which is another value."""
    path = '/apis/apps/v1/namespaces/default/controllerrevisions'
    body = '{"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "spelled"}, "revision": 1,' \
           '"data": {"x": [1, 2.50, null]}}'
    status, made = server.api().call('POST', path, body, {'Content-Type': 'application/json'})
    check(status == 201 and made['data'] == {'x': [1, 2.5, None]}, 'create: %d %s' % (status, made))
    same = {'apiVersion': 'apps/v1', 'kind': 'ControllerRevision', 'metadata': {'name': 'spelled'}, 'data': {'x': [1, 2.5, None]}}
    apply = '?fieldManager=speller&force=true'
    patch(path + '/spelled' + apply, 'application/apply-patch+yaml', same, 200)
    check('speller' in str(get(path + '/spelled')['metadata']['managedFields']), 'the owner is noted')
    same['metadata']['labels'] = {'a': 'b'}
    patch(path + '/spelled' + apply, 'application/apply-patch+yaml', same, 422)


def refusals():
    path = '/api/v1/namespaces/default/configmaps/r'
    config = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'r'}}
    kind = 'application/apply-patch+yaml'
    said = patch(path, kind, config, 422)
    check('fieldManager: Required value: is required for apply patch' in said['message'], said)
    said = patch(path, kind, dict(config, spce={}), 500, '?fieldManager=me')
    check(said['message'].endswith('.spce: field not declared in schema'), said)
    said = patch(path, kind, dict(config, kind='Secret'), 400, '?fieldManager=me')
    check(said['message'] == 'invalid object type: /v1, Kind=Secret', said)
    said = patch(path, 'application/merge-patch+json', {}, 422, '?force=true')
    check('may not be specified for non-apply patch' in said['message'], said)
    made = patch(path, kind, config, 201, '?fieldManager=me&dryRun=All')
    check(made['metadata']['name'] == 'r', made)
    check(server.api().call('GET', path)[0] == 404, 'a dry run made it')


def long_lists_cost_little():
    path = '/api/v1/namespaces/default/services/many?fieldManager=me'
    ports = [{'name': 'p%d' % i, 'port': 1 + i} for i in range(20000)]
    config = {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 'many'},
              'spec': {'ports': ports, 'selector': {'a': 'b'}}}
    patch(path.split('?')[0], 'application/apply-patch+yaml', config, 201, '?fieldManager=me')
    config['spec']['ports'] = list(reversed(ports))
    patch(path.split('?')[0], 'application/apply-patch+yaml', config, 200, '?fieldManager=me')


if __name__ == '__main__':
    with server:
        run(manifests_apply_and_apply_again, conflict_and_taking_over, updates_status_and_scale_have_owners,
            from_client_side_apply, owners_can_be_cleared_and_come_back,
            json_that_is_kept_as_it_was_spelled, refusals, long_lists_cost_little)
