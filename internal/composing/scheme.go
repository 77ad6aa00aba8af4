package composing

import (
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// Scheme knows every type that a function composes.
var Scheme = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme,
		v1alpha1.AddToScheme,
		gitea.AddToScheme,
		hcloud.AddToScheme,
		powerdns.AddToScheme,
	} {
		utilruntime.Must(add(s))
	}
	return s
})
