// Package kubernetes checks the manifest of docs/machines.md against the types of the Kubernetes API. It is a module of
// its own, so that bynder does not depend on them.
package kubernetes

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// manifest returns the manifest of the page.
func manifest(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/machines.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)<!-- recipe: kubernetes -->\n```yaml\n(.*?)\n```\n").FindSubmatch(page)
	if m == nil {
		t.Fatal("docs/machines.md has no manifest")
	}
	return string(m[1])
}

func TestManifestIsAnIndexedJob(t *testing.T) {
	var job batchv1.Job
	if err := yaml.UnmarshalStrict([]byte(manifest(t)), &job); err != nil {
		t.Fatal(err)
	}
	if job.APIVersion != batchv1.SchemeGroupVersion.String() || job.Kind != "Job" || job.Name == "" {
		t.Errorf("it is %s %s, named %q", job.APIVersion, job.Kind, job.Name)
	}
	spec, pod := job.Spec, job.Spec.Template.Spec
	if spec.CompletionMode == nil || *spec.CompletionMode != batchv1.IndexedCompletion || spec.Completions == nil || spec.BackoffLimitPerIndex == nil {
		t.Fatal("it is not Indexed, with completions and backoffLimitPerIndex")
	}
	// A podFailurePolicy is for restartPolicy Never alone.
	if pod.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("restartPolicy %s", pod.RestartPolicy)
	}
	for _, rule := range spec.PodFailurePolicy.Rules {
		if !slices.Contains([]batchv1.PodFailurePolicyAction{batchv1.PodFailurePolicyActionFailJob, batchv1.PodFailurePolicyActionIgnore}, rule.Action) {
			t.Errorf("action %s", rule.Action)
		}
		if (rule.OnExitCodes == nil) == (len(rule.OnPodConditions) == 0) {
			t.Errorf("the rule for %s has not exactly one of onExitCodes and onPodConditions", rule.Action)
		}
		if c := rule.OnExitCodes; c != nil && (c.Operator != batchv1.PodFailurePolicyOnExitCodesOpIn || !slices.Equal(c.Values, []int32{2, 4})) {
			t.Errorf("exit codes %s %v", c.Operator, c.Values)
		}
		for _, c := range rule.OnPodConditions {
			if c.Type != corev1.DisruptionTarget || c.Status != corev1.ConditionTrue {
				t.Errorf("condition %s %s", c.Type, c.Status)
			}
		}
	}
	for _, c := range pod.Containers {
		count := corev1.EnvVar{Name: "BYNDER_SHARD_COUNT", Value: strconv.Itoa(int(*spec.Completions))}
		if !slices.Contains(c.Env, count) {
			t.Errorf("the environment of %s has not %s=%s", c.Name, count.Name, count.Value)
		}
		for _, m := range c.VolumeMounts {
			if !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name && v.PersistentVolumeClaim != nil }) {
				t.Errorf("there is no volume %s", m.Name)
			}
		}
	}
	if len(pod.Containers) != 1 {
		t.Errorf("%d containers", len(pod.Containers))
	}
}

func TestMistakesAreFound(t *testing.T) {
	right := manifest(t)
	for from, to := range map[string]string{
		"completionMode:":   "completionsMode:",
		"completions: 6":    "completions: six",
		"values: [2, 4]":    "values: 2",
		"  parallelism: 6":  "  completions: 6\n  parallelism: 6",
		"memory: 256Mi":     "memory: 256 MiB",
		"  restartPolicy":   "restartPolicy",
		"claimName: photos": "claim: photos",
	} {
		wrong := strings.Replace(right, from, to, 1)
		if wrong == right {
			t.Errorf("the manifest has no %q", from)
		}
		if err := yaml.UnmarshalStrict([]byte(wrong), new(batchv1.Job)); err == nil {
			t.Errorf("%q in place of %q is no error", to, from)
		}
	}
}
