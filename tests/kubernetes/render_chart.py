"""
Run by the interpreter of `.venv-deploy`, which has Helm's own library: values as JSON on standard input, the rendered
manifests of the chart at the path given and what its linter says as JSON on standard output.
"""

import json
import sys

import helm_python

path = sys.argv[1]
values = json.load(sys.stdin)
try:
    with helm_python.Chart.load(path) as chart:
        rendered = chart.render(values, name="edgescript", namespace="edgescript")
    wrong = [each["error"] for each in helm_python.lint(path, values)["messages"] if each["severity"] > 1]
except helm_python.HelmError as error:
    rendered, wrong = {}, [str(error)]
json.dump({"rendered": rendered, "wrong": wrong}, sys.stdout)
