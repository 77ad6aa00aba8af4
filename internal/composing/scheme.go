package composing

import (
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// extra types of the function this is linked into.
var extra []func(*runtime.Scheme) error

// AddToScheme has the Scheme know more types. It is for types that only some
// functions compose and that all others would be much larger for. It is called
// from init.
func AddToScheme(add func(*runtime.Scheme) error) { extra = append(extra, add) }

// Scheme knows every type that a function composes.
var Scheme = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range append([]func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme,
		v1alpha1.AddToScheme,
		gitea.AddToScheme,
		powerdns.AddToScheme,
	}, extra...) {
		utilruntime.Must(add(s))
	}
	return s
})
