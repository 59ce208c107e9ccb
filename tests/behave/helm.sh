#!/bin/bash
# A chart through its life with helm: install, look, upgrade, a refused upgrade, roll back, uninstall.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=2
chart=$SERVER_DIR/chart
export HELM_CACHE_HOME=$SERVER_DIR/helm/cache HELM_CONFIG_HOME=$SERVER_DIR/helm/config HELM_DATA_HOME=$SERVER_DIR/helm/data

mkdir -p "$chart/templates"
cat >"$chart/Chart.yaml" <<'EOF'
apiVersion: v2
name: web
version: 0.1.0
appVersion: "1.0"
EOF
cat >"$chart/values.yaml" <<'EOF'
replicas: 1
image: {repository: example.com/web, tag: ""}
port: 80
greeting: hello
EOF
cat >"$chart/templates/_names.tpl" <<'EOF'
{{- define "web.labels" }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
EOF
cat >"$chart/templates/all.yaml" <<'EOF'
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}
  labels: {{- include "web.labels" . | indent 4 }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  labels: {{- include "web.labels" . | indent 4 }}
    greeting: {{ .Values.greeting | quote }}
data:
  greeting: {{ .Values.greeting | quote }}
  version: {{ .Capabilities.KubeVersion.Version | quote }}
  jobs: {{ .Capabilities.APIVersions.Has "batch/v1/CronJob" | quote }}
  seen: {{ (lookup "v1" "Namespace" "" "default").metadata.name | quote }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
  labels: {{- include "web.labels" . | indent 4 }}
spec:
  selector: {app.kubernetes.io/instance: {{ .Release.Name }}}
  ports:
  - {name: http, port: {{ .Values.port }}, targetPort: http}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {{- include "web.labels" . | indent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app.kubernetes.io/instance: {{ .Release.Name }}}}
  template:
    metadata:
      labels: {{- include "web.labels" . | indent 8 }}
    spec:
      serviceAccountName: {{ .Release.Name }}
      containers:
      - name: web
        image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
        ports: [{name: http, containerPort: 8080}]
{{- if .Values.job }}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ .Release.Name }}
spec:
  schedule: {{ .Values.job | quote }}
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: job, image: example.com/job}]
{{- end }}
EOF

field() {
    kubectl get -n shop "$1" web -o "jsonpath={$2}" 2>&1
}

helm_does() {
    helm "$@" -n shop >"$SERVER_DIR/out" 2>&1 || fail "helm $*: $(cat "$SERVER_DIR/out")"
}

says() {
    grep -qE -- "$1" "$SERVER_DIR/out" || fail "\"$1\" is not in: $(cat "$SERVER_DIR/out")"
}

helm version --short || fail "no helm"
helm_does install web "$chart" --create-namespace --set greeting=hi
says '^STATUS: deployed'
says '^REVISION: 1'
is "$(field cm .data.greeting)" hi "a value"
is "$(field cm .data.version | cut -d. -f1-2)" v1.36 "version that templates see"
is "$(field cm .data.jobs)" true "API that templates look for"
is "$(field cm .data.seen)" default "object that templates look up"
is "$(field deploy '.spec.template.spec.containers[0].image')" example.com/web:1.0 "image"
is "$(field deploy .metadata.labels.app\\.kubernetes\\.io/managed-by)" Helm "label"
address=$(field svc .spec.clusterIP)
helm install web "$chart" -n shop >"$SERVER_DIR/out" 2>&1 && fail "installed twice under one name"
says 'cannot re-?use a name'

helm_does upgrade web "$chart" --reuse-values --set image.tag=2.0,replicas=3 --set-string 'job=*/5 * * * *'
says '^REVISION: 2'
is "$(field deploy '.spec.template.spec.containers[0].image')" example.com/web:2.0 "image after upgrade"
is "$(field deploy .spec.replicas)" 3 "replicas after upgrade"
is "$(field deploy .metadata.generation)" 2 "generation after upgrade"
is "$(field cronjob .spec.schedule)" '*/5 * * * *' "what the upgrade adds"
is "$(field cm .data.greeting)" hi "value kept"
is "$(field svc .spec.clusterIP)" "$address" "address kept"

helm upgrade web "$chart" -n shop --reuse-values --set greeting='not a label' >"$SERVER_DIR/out" 2>&1 && fail "a label with blanks was taken"
says 'ConfigMap "web" is invalid: metadata.labels: Invalid value: "not a label"'

helm_does rollback web 1
is "$(field deploy '.spec.template.spec.containers[0].image')" example.com/web:1.0 "image after rollback"
is "$(field deploy .spec.replicas)" 1 "replicas after rollback"
field cronjob .spec.schedule | grep -q NotFound || fail "rollback left what the upgrade added"
helm_does history web
says '^1 .*superseded'
says '^3 .*failed'
says '^4 .*deployed.*Rollback to 1'
helm_does list
says '^web .*deployed'
helm_does get values web
says 'greeting: hi'

helm_does uninstall web
is "$(kubectl get -n shop deploy,svc,cm,sa,cronjob -l app.kubernetes.io/instance=web -o name)" "" "objects after uninstall"
is "$(kubectl get -n shop secrets -l owner=helm -o name)" "" "records of releases after uninstall"
kubectl delete namespace shop --timeout=30s >/dev/null || fail "the namespace stays"
stop_server || fail "exit status $?"
