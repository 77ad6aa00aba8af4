package sovereign

import "sync"

// memorySize is how many texts of a kind are remembered: the slots of a hundred
// Sovereigns. A text has about a kilobyte.
const memorySize = 4096

// What was rendered. Nearly every call is about a kit that was rendered before,
// and YAML was most of what a call cost.
var (
	releases       = &memory[release]{}
	manifests      = &memory[string]{}
	kustomizations = &memory[string]{}
)

// A memory of what a pure function made of its inputs.
type memory[K comparable] struct {
	mu    sync.Mutex
	texts map[K]string
}

// get what render makes of the key. An error is not remembered.
func (m *memory[K]) get(key K, render func(K) (string, error)) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if text, ok := m.texts[key]; ok {
		return text, nil
	}
	text, err := render(key)
	if err != nil {
		return "", err
	}
	if m.texts == nil || len(m.texts) >= memorySize {
		// Whatever is still asked for comes back with the next calls.
		m.texts = map[K]string{}
	}
	m.texts[key] = text
	return text, nil
}
