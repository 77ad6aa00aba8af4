package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/hack/bench/workload"
	"github.com/openova-io/catalyst/internal/composing"
)

const (
	serverName   = "localhost"
	startTimeout = 20 * time.Second
	maxMessage   = 64 << 20
)

// A peer is a function that runs as a process of its own, with mTLS.
type peer struct {
	name string
	conn *grpc.ClientConn
	stop func()
	// input that its pipeline step has.
	input bool
}

// A wire codec passes messages as they are. What it costs to encode a request
// and to decode a response is core's and the same for every function; on a
// machine that runs both sides it would only blur the difference.
type wire struct{}

// Marshal what is encoded already.
func (wire) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

// Unmarshal leaves the message encoded.
func (wire) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// Name of the encoding that the messages have.
func (wire) Name() string { return "proto" }

// call the function with an encoded request, and return the encoded response.
func (p *peer) call(ctx context.Context, req []byte) ([]byte, error) {
	var rsp []byte
	err := p.conn.Invoke(ctx, fnv1.FunctionRunnerService_RunFunction_FullMethodName, &req, &rsp, grpc.ForceCodec(wire{}))
	return rsp, err
}

// encode the request for this function.
func (p *peer) encode(req *fnv1.RunFunctionRequest) ([]byte, error) {
	own := &fnv1.RunFunctionRequest{Meta: req.GetMeta(), Observed: req.GetObserved()}
	if p.input {
		own.Input = req.GetInput()
	}
	raw, err := proto.Marshal(own)
	return raw, errors.Wrap(err, "cannot encode a request")
}

// measureGRPC compares our framework with function-patch-and-transform: the
// same resources, on the same machine, in turns.
func measureGRPC(ctx context.Context, o options) ([]table, error) {
	certs, err := os.MkdirTemp("", "catalyst-bench-")
	if err != nil {
		return nil, errors.Wrap(err, "cannot create a folder for certificates")
	}
	defer os.RemoveAll(certs) //nolint:errcheck // A temporary folder.
	creds, err := issue(certs)
	if err != nil {
		return nil, err
	}

	peers := []*peer{}
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	for _, c := range []struct {
		name, path string
		input      bool
		flags      []string
	}{
		{name: "Catalyst", path: o.Function, flags: []string{"workload", "--metrics-address=", "--health-address="}},
		{name: "patch-and-transform", path: o.PatchAndTransform, input: true},
	} {
		if c.path == "" {
			continue
		}
		p, err := start(ctx, c.name, c.path, certs, creds, c.flags...)
		if err != nil {
			return nil, err
		}
		p.input = c.input
		peers = append(peers, p)
	}

	t := table{
		title:  "RunFunction over gRPC with mTLS on loopback",
		header: []string{"Composed", "Clients", "Function", "calls/s", "p50", "p99", "p99/p50", "calls/s of patch-and-transform"},
	}
	for _, n := range o.Sizes {
		req, err := workload.Settled(ctx, composing.NewFunction(logging.NewNopLogger(), workload.Compose), n)
		if err != nil {
			return nil, err
		}
		if err := sameResult(ctx, peers, req); err != nil {
			return nil, err
		}
		for _, clients := range []int{1, 2} {
			got, err := race(ctx, peers, req, clients, o)
			if err != nil {
				return nil, err
			}
			for i, p := range peers {
				s := got[i].summary()
				ratio := ""
				if i != len(peers)-1 {
					ratio = fmt.Sprintf("× %.1f", s.rate/got[len(peers)-1].summary().rate)
				}
				t.add(strconv.Itoa(n), strconv.Itoa(clients), p.name, fmt.Sprintf("%.0f", s.rate), millis(s.p50), millis(s.p99), fmt.Sprintf("%.1f", float64(s.p99)/float64(s.p50)), ratio)
			}
		}
	}
	return []table{t}, nil
}

// sameResult fails unless all peers answer a request with the same resources:
// a comparison of different work would tell nothing.
func sameResult(ctx context.Context, peers []*peer, req *fnv1.RunFunctionRequest) error {
	var want map[string]*fnv1.Resource
	for _, p := range peers {
		raw, err := p.encode(req)
		if err != nil {
			return err
		}
		answer, err := p.call(ctx, raw)
		if err != nil {
			return errors.Wrapf(err, "cannot call %s", p.name)
		}
		rsp := &fnv1.RunFunctionResponse{}
		if err := proto.Unmarshal(answer, rsp); err != nil {
			return errors.Wrapf(err, "cannot decode the response of %s", p.name)
		}
		if err := workload.Fatal(rsp); err != nil {
			return errors.Wrapf(err, "%s refused", p.name)
		}
		got := rsp.GetDesired().GetResources()
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			return errors.Errorf("%s and %s desire different resources: %s", peers[0].name, p.name, diff)
		}
	}
	return nil
}

// samples of one peer: how long its calls took, and how long it was its turn.
type samples struct {
	took  []time.Duration
	total time.Duration
}

type summary struct {
	rate     float64
	p50, p99 time.Duration
}

func (s samples) summary() summary {
	slices.Sort(s.took)
	at := func(q float64) time.Duration { return s.took[int(q*float64(len(s.took)-1))] }
	return summary{rate: float64(len(s.took)) / s.total.Seconds(), p50: at(0.50), p99: at(0.99)}
}

// race lets the peers take turns, so that whatever else the machine does meets
// them alike.
func race(ctx context.Context, peers []*peer, req *fnv1.RunFunctionRequest, clients int, o options) ([]samples, error) {
	out := make([]samples, len(peers))
	for round := range o.Rounds + 1 {
		for i, p := range peers {
			s, err := load(ctx, p, req, clients, o.Turn)
			if err != nil {
				return nil, errors.Wrapf(err, "cannot call %s", p.name)
			}
			// The first round warms up: connections, heaps and caches.
			if round == 0 {
				continue
			}
			out[i].took = append(out[i].took, s.took...)
			out[i].total += s.total
		}
	}
	return out, nil
}

func load(ctx context.Context, p *peer, req *fnv1.RunFunctionRequest, clients int, during time.Duration) (samples, error) {
	raw, err := p.encode(req)
	if err != nil {
		return samples{}, err
	}
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		out samples
		bad error
	)
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			took := []time.Duration{}
			for time.Since(begin) < during {
				at := time.Now()
				_, err := p.call(ctx, raw)
				took = append(took, time.Since(at))
				if err != nil {
					mu.Lock()
					bad = err
					mu.Unlock()
					return
				}
			}
			mu.Lock()
			out.took = append(out.took, took...)
			mu.Unlock()
		})
	}
	wg.Wait()
	out.total = time.Since(begin)
	return out, bad
}

// start a function and wait until it answers.
func start(ctx context.Context, name, path, certs string, creds credentials.TransportCredentials, flags ...string) (*peer, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, append(flags, "--address="+address, "--tls-certs-dir="+certs)...)
	// Functions log every call. Nobody reads it here.
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		return nil, errors.Wrapf(err, "cannot start %s", name)
	}
	conn, err := grpc.NewClient("dns:///"+address, grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, errors.Wrapf(err, "cannot connect to %s", name)
	}
	p := &peer{name: name, conn: conn, stop: func() {
		_ = conn.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}}
	up, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := p.call(up, nil); err != nil {
		p.stop()
		return nil, errors.Wrapf(err, "%s does not answer", name)
	}
	return p, nil
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Wrap(err, "cannot find a free port")
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", errors.Wrap(err, "cannot find a free port")
	}
	return net.JoinHostPort(serverName, port), errors.Wrap(l.Close(), "cannot free a port")
}

// issue a certificate that is good for both sides into the folder, and return
// the client's credentials.
func issue(dir string) (credentials.TransportCredentials, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, errors.Wrap(err, "cannot generate a key")
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: serverName}, DNSNames: []string{serverName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, errors.Wrap(err, "cannot issue a certificate")
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.Wrap(err, "cannot encode a key")
	}
	crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{"tls.crt": crt, "ca.crt": crt, "tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, errors.Wrap(err, "cannot write certificates")
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(crt)
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: serverName,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}), nil
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
