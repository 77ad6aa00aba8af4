package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StepState is how far one step of a composite resource has come.
// +kubebuilder:validation:Enum=Waiting;Working;Ready;Skipped;Failed
type StepState string

// States of a step.
const (
	// StepWaiting for an earlier step or for something outside.
	StepWaiting StepState = "Waiting"
	// StepWorking means that what the step composes is not ready yet.
	StepWorking StepState = "Working"
	// StepReady means that the step's post-conditions hold.
	StepReady StepState = "Ready"
	// StepSkipped means that the step does not apply here.
	StepSkipped StepState = "Skipped"
	// StepFailed means that somebody has to change something.
	StepFailed StepState = "Failed"
)

// A Step on the way to a ready composite resource.
type Step struct {
	// Name of the step.
	Name string `json:"name"`

	// State the step is in.
	State StepState `json:"state"`

	// Reason for the state, in CamelCase.
	// +optional
	Reason string `json:"reason,omitempty"`

	// Message for people: what is missing and who can act.
	// +optional
	Message string `json:"message,omitempty"`

	// Since when the step is in this state, as far as the objects it consists
	// of tell.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// Blocking names the first thing a composite resource waits for.
type Blocking struct {
	// Step that is blocked.
	Step string `json:"step"`

	// Kind of the object that blocks. Empty when it is not an object.
	// +optional
	Kind string `json:"kind,omitempty"`

	// Name of the object that blocks.
	// +optional
	Name string `json:"name,omitempty"`

	// Reason the object gives.
	// +optional
	Reason string `json:"reason,omitempty"`

	// Message the object gives.
	// +optional
	Message string `json:"message,omitempty"`
}

// Progress is the part of the status that all kinds have in common.
type Progress struct {
	// Steps on the way to ready, in order.
	// +optional
	// +listType=map
	// +listMapKey=name
	Steps []Step `json:"steps,omitempty"`

	// Blocking is the first thing this object waits for. Absent when it is
	// ready.
	// +optional
	Blocking *Blocking `json:"blocking,omitempty"`

	// Summary is one line for people: Ready, or what blocks.
	// +optional
	Summary string `json:"summary,omitempty"`
}

// A LocalReference names an object in the same namespace, or a cluster scoped
// one.
type LocalReference struct {
	// Name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}
