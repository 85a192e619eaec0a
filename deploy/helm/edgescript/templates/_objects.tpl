{{- /*
The manifest at a path, with what every object has. Takes `path`, `name` (of the workload) and `root`.
*/ -}}
{{- define "edgescript.object" -}}
{{- $object := .root.Files.Get .path | fromYaml -}}
{{- $labels := dict "app.kubernetes.io/name" .name "app.kubernetes.io/part-of" "edgescript" -}}
{{- $_ := set $object.metadata "labels" $labels -}}
{{- if ne $object.kind "PriorityClass" -}}
{{- $_ := set $object.metadata "namespace" .root.Release.Namespace -}}
{{- end -}}
{{- if eq $object.kind "Service" -}}
{{- $_ := set $object.spec "selector" $labels -}}
{{- else if eq $object.kind "NetworkPolicy" -}}
{{- $_ := set $object.spec "podSelector" (dict "matchLabels" $labels) -}}
{{- else if has $object.kind (list "DaemonSet" "Deployment" "PodDisruptionBudget") -}}
{{- $_ := set $object.spec "selector" (dict "matchLabels" $labels) -}}
{{- end -}}
{{- if has $object.kind (list "DaemonSet" "Deployment") -}}
{{- $_ := set $object.spec.template.metadata "labels" $labels -}}
{{- end -}}
{{- $object | toYaml -}}
{{- end -}}

{{- /*
A workload with the changes that a patch of kustomize makes to it, as far as our patches go: annotations, replicas, strategy,
first containers, spread over machines; environment and mounts of its container; volumes, by name. Takes `object`, `path` of the patch and `root`.
*/ -}}
{{- define "edgescript.patched" -}}
{{- $object := .object -}}
{{- $patch := .root.Files.Get .path | fromYaml -}}
{{- with merge (dict) ($patch.metadata.annotations | default dict) ($object.metadata.annotations | default dict) -}}
{{- $_ := set $object.metadata "annotations" . -}}
{{- end -}}
{{- range pick $patch.spec "replicas" "strategy" | keys -}}
{{- $_ := set $object.spec . (get $patch.spec .) -}}
{{- end -}}
{{- $pod := $object.spec.template.spec -}}
{{- $changes := $patch.spec.template.spec -}}
{{- range pick $changes "initContainers" "topologySpreadConstraints" | keys -}}
{{- $_ := set $pod . (get $changes .) -}}
{{- end -}}
{{- $container := first $pod.containers -}}
{{- range $changes.containers -}}
{{- if .env -}}
{{- $_ := set $container "env" (concat ($container.env | default list) .env) -}}
{{- end -}}
{{- if .volumeMounts -}}
{{- $_ := set $container "volumeMounts" (concat $container.volumeMounts .volumeMounts) -}}
{{- end -}}
{{- end -}}
{{- range $change := $changes.volumes -}}
{{- $kept := list -}}
{{- range $pod.volumes -}}
{{- if ne .name $change.name -}}
{{- $kept = append $kept . -}}
{{- end -}}
{{- end -}}
{{- $volume := dict -}}
{{- range $key, $value := $change -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $volume $key $value -}}
{{- end -}}
{{- end -}}
{{- $_ := set $pod "volumes" (append $kept $volume) -}}
{{- end -}}
{{- $object | toYaml -}}
{{- end -}}

{{- /* A workload with the image, and what values say of its container. Takes `object`, `values` of the workload and `root`. */ -}}
{{- define "edgescript.imaged" -}}
{{- $pod := .object.spec.template.spec -}}
{{- $image := printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- $_ := set . "image" $image -}}
{{- end -}}
{{- range .root.Values.image.pullSecrets -}}
{{- $_ := set $pod "imagePullSecrets" (append ($pod.imagePullSecrets | default list) (dict "name" .)) -}}
{{- end -}}
{{- $container := first $pod.containers -}}
{{- $_ := set $container "resources" (mergeOverwrite (dict) $container.resources .values.resources) -}}
{{- .object | toYaml -}}
{{- end -}}

{{- /* Have a variable of the environment come from the key `url` of a secret. Takes `object`, `variable` and `secret`. */ -}}
{{- define "edgescript.secret" -}}
{{- $variable := .variable -}}
{{- $secret := .secret -}}
{{- range (first .object.spec.template.spec.containers).env -}}
{{- if eq .name $variable -}}
{{- $_ := set .valueFrom.secretKeyRef "name" $secret -}}
{{- end -}}
{{- end -}}
{{- .object | toYaml -}}
{{- end -}}

{{- /* A node's workload with the console it asks: at `console`, or none, so that it waits for no token. Takes `object` and `console`. */ -}}
{{- define "edgescript.following" -}}
{{- $pod := .object.spec.template.spec -}}
{{- $container := first $pod.containers -}}
{{- $without := dict "env" (list $container "EDGESCRIPT_CONSOLE") "volumeMounts" (list $container "token") "volumes" (list $pod "token") -}}
{{- if eq .console "none" -}}
{{- range $key, $what := $without -}}
{{- $kept := list -}}
{{- range get (first $what) $key -}}
{{- if ne .name (last $what) -}}
{{- $kept = append $kept . -}}
{{- end -}}
{{- end -}}
{{- $_ := set (first $what) $key $kept -}}
{{- end -}}
{{- else -}}
{{- $console := .console -}}
{{- range $container.env -}}
{{- if eq .name "EDGESCRIPT_CONSOLE" -}}
{{- $_ := set . "value" $console -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- .object | toYaml -}}
{{- end -}}
