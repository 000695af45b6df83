{{- /* The URLs of etcd. */ -}}
{{- define "databases-apiserver.etcdServers" -}}
{{- if .Values.etcd.enabled -}}
https://databases-etcd:2379
{{- else -}}
{{- if empty .Values.etcd.servers -}}
{{- fail "etcd.servers is empty: give the URLs of your etcd, or set etcd.enabled" -}}
{{- end -}}
{{- join "," .Values.etcd.servers -}}
{{- end -}}
{{- end -}}

{{- /*
Secrets with certificates of the chart's own: what is there already is kept. Called once a release, because an authority
that is made twice is two authorities. Gives a JSON map: name of the Secret to its data, in base64.
*/ -}}
{{- define "databases-apiserver.ownCertificates" -}}
{{- $namespace := .Release.Namespace -}}
{{- $serving := lookup "v1" "Secret" $namespace "databases-apiserver-serving" -}}
{{- $etcd := lookup "v1" "Secret" $namespace "databases-etcd" -}}
{{- $client := lookup "v1" "Secret" $namespace "databases-apiserver-etcd" -}}
{{- $secrets := dict -}}
{{- if $serving -}}
{{- $_ := set $secrets "databases-apiserver-serving" $serving.data -}}
{{- else -}}
{{- $ca := genCA "databases-apiserver" 3650 -}}
{{- $name := printf "databases-apiserver.%s.svc" $namespace -}}
{{- $pair := genSignedCert $name nil (list $name) 3650 $ca -}}
{{- $data := dict "ca.crt" ($ca.Cert | b64enc) "tls.crt" ($pair.Cert | b64enc) "tls.key" ($pair.Key | b64enc) -}}
{{- $_ := set $secrets "databases-apiserver-serving" $data -}}
{{- end -}}
{{- if .Values.etcd.enabled -}}
{{- if and $etcd $client -}}
{{- $_ := set $secrets "databases-etcd" $etcd.data -}}
{{- $_ := set $secrets "databases-apiserver-etcd" $client.data -}}
{{- else -}}
{{- $ca := genCA "databases-etcd" 3650 -}}
{{- $service := printf "databases-etcd.%s.svc" $namespace -}}
{{- $names := list "databases-etcd" $service (printf "*.%s" $service) "localhost" -}}
{{- $pair := genSignedCert "databases-etcd" nil $names 3650 $ca -}}
{{- $data := dict "ca.crt" ($ca.Cert | b64enc) "tls.crt" ($pair.Cert | b64enc) "tls.key" ($pair.Key | b64enc) -}}
{{- $_ := set $secrets "databases-etcd" $data -}}
{{- $pair = genSignedCert "databases-apiserver" nil nil 3650 $ca -}}
{{- $data = dict "ca.crt" ($ca.Cert | b64enc) "tls.crt" ($pair.Cert | b64enc) "tls.key" ($pair.Key | b64enc) -}}
{{- $_ := set $secrets "databases-apiserver-etcd" $data -}}
{{- end -}}
{{- end -}}
{{- toJson $secrets -}}
{{- end -}}
