package hostcluster

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// schema of cloud-config, as cloud-init itself has it.
// https://cloudinit.readthedocs.io/en/latest/howto/debug_user_data.html
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../../hack/cloudinit-schema.sh")
	stderr := &strings.Builder{}
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot get cloud-init's schema: %v\n%s", err, stderr)
	}
	f, err := os.Open(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("cloud-config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("cloud-config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	raw, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for key := range doc.(map[string]any) {
		if !modules(s)[key] {
			return fmt.Errorf("no module of cloud-init takes %q", key)
		}
	}
	return s.Validate(doc)
}

// modules take what is at the top of a cloud-config. The schema lets pass what
// none of them does.
func modules(s *jsonschema.Schema) map[string]bool {
	out := map[string]bool{}
	for _, m := range s.AllOf {
		for ; m != nil; m = m.Ref {
			for p := range m.Properties {
				out[p] = true
			}
		}
	}
	return out
}

// cloud-init warns of what it does not understand, and starts the server without
// it.
func TestCloudInitIsValid(t *testing.T) {
	s := schema(t)
	head := func(docs ...string) string {
		text, _ := cloudInit(t, world(t, docs...).Settle(t, newFn()), keyControlPlane)
		return text
	}
	worker, _ := cloudInit(t, world(t, cluster, generated).Settle(t, newFn()), "pool-workers-1")
	bare := head(cluster, generated)
	cases := map[string]struct {
		reason, text string
		valid        bool
	}{
		"Worker":       {reason: "What a worker starts with", text: worker, valid: true},
		"ControlPlane": {reason: "What a control plane starts with", text: bare, valid: true},
		"Bootstrapped": {reason: "What the entrance starts with", text: head(bootstrapped(), generated, sources), valid: true},
		"Permissions":  {reason: "Permissions that are a number are another number", text: strings.ReplaceAll(bare, `permissions: "0600"`, `permissions: 0600`)},
		"Unknown":      {reason: "A module that is misspelt", text: bare + "runcmds: []\n"},
		"Command":      {reason: "A command that is none", text: strings.Replace(bare, "- - systemctl", "- - {a: b}\n  - systemctl", 1)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := validate(t, s, tc.text); (err == nil) != tc.valid {
				t.Errorf("%s: valid %t, want %t: %v", tc.reason, err == nil, tc.valid, err)
			}
		})
	}
}
