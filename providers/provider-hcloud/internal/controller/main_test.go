package controller

import (
	"io"
	"log"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// The Terraform provider writes to the standard logger.
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}
