// Package canonical knows which names and record contents are the same DNS
// data, and how PowerDNS wants them written.
package canonical

import (
	"strings"

	"github.com/miekg/dns"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// maxString is the length of the longest character string in DNS data.
const maxString = 255

// Name in lower case and with a trailing dot.
func Name(name string) string {
	return dns.CanonicalName(strings.TrimSpace(name))
}

// In says whether a name lies in a zone.
func In(name, zone string) bool {
	return dns.IsSubDomain(Name(zone), Name(name))
}

// CheckName returns an error if a name can't be one in the DNS.
func CheckName(name string) error {
	n := Name(name)
	if _, ok := dns.IsDomainName(n); !ok || n == "." || strings.ContainsAny(n, " \t\r\n/\\") {
		return errors.Errorf("%q is not a domain name: labels of 1 to 63 characters, 253 characters in all", name)
	}
	return nil
}

// Content as PowerDNS wants it written. The server refuses a content that does
// not read exactly as it would write it itself, apart from case. A content this
// package can't parse is passed on with its white space in order, for the
// server to judge.
func Content(rrtype, content string) string {
	switch rrtype {
	case "TXT", "SPF":
		content = quote(content)
	case "ALIAS":
		return dns.Fqdn(strings.TrimSpace(content))
	}
	content = squeeze(content)
	if !rendered(rrtype) {
		return content
	}
	if rdata, ok := parse(rrtype, content); ok {
		return rdata
	}
	return content
}

// Key of a content: two contents of one type have the same key if they are the
// same data.
func Key(rrtype, content string) string {
	c := Content(rrtype, content)
	if rdata, ok := parse(rrtype, c); ok {
		c = rdata
	}
	if caseless(rrtype) || strings.HasPrefix(c, `\#`) {
		return strings.ToLower(c)
	}
	return c
}

// parse returns the data of a record as package dns writes it.
func parse(rrtype, content string) (string, bool) {
	if _, known := dns.StringToType[rrtype]; !known || strings.ContainsAny(content, "\r\n") {
		return "", false
	}
	rr, err := dns.NewRR(". 0 IN " + rrtype + " " + content)
	if err != nil || rr == nil {
		return "", false
	}
	rdata := strings.TrimPrefix(rr.String(), rr.Header().String())
	if hexadecimal(rrtype) {
		rdata = strings.ToLower(rdata)
	}
	return rdata, true
}

// rendered are the types package dns writes as PowerDNS does.
func rendered(rrtype string) bool {
	switch rrtype {
	case "A", "AAAA", "NS", "CNAME", "DNAME", "PTR", "MX", "SRV", "TXT", "SPF", "CAA":
		return true
	default:
		return hexadecimal(rrtype)
	}
}

func hexadecimal(rrtype string) bool {
	switch rrtype {
	case "DS", "CDS", "DLV", "TLSA", "SMIMEA", "SSHFP":
		return true
	default:
		return false
	}
}

// caseless are the types whose data is names, numbers and addresses.
func caseless(rrtype string) bool {
	switch rrtype {
	case "A", "AAAA", "NS", "CNAME", "DNAME", "PTR", "MX", "SRV", "ALIAS", "RP", "AFSDB", "KX":
		return true
	default:
		return hexadecimal(rrtype)
	}
}

// quote a text that is not quoted yet, and cut it where DNS data must be cut.
func quote(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, `"`) {
		return text
	}
	parts := []string{}
	for first := true; first || text != ""; first = false {
		n := min(len(text), maxString)
		parts = append(parts, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text[:n])+`"`)
		text = text[n:]
	}
	return strings.Join(parts, " ")
}

// squeeze white space outside of quotes to one space.
func squeeze(s string) string {
	var b strings.Builder
	quoted, escaped, space := false, false, false
	for _, r := range strings.TrimSpace(s) {
		if !quoted && (r == ' ' || r == '\t') {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if r == '"' && !escaped {
			quoted = !quoted
		}
		escaped = r == '\\' && !escaped
		b.WriteRune(r)
	}
	return b.String()
}

// algorithms of DNSSEC keys by every name they go by.
func algorithms() map[string]uint8 {
	return map[string]uint8{
		"rsasha1": 5, "rsasha1-nsec3-sha1": 7, "rsasha1nsec3sha1": 7,
		"rsasha256": 8, "rsasha512": 10,
		"ecdsa256": 13, "ecdsap256sha256": 13,
		"ecdsa384": 14, "ecdsap384sha384": 14,
		"ed25519": 15, "ed448": 16,
		"5": 5, "7": 7, "8": 8, "10": 10, "13": 13, "14": 14, "15": 15, "16": 16,
	}
}

// Algorithm is the number of a DNSSEC algorithm, or 0 if it is not known.
func Algorithm(name string) uint8 {
	return algorithms()[strings.ToLower(strings.TrimSpace(name))]
}

// ZoneID is the name of a zone as PowerDNS has it in the paths of its API, less
// the trailing dot.
func ZoneID(zone string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(strings.TrimSuffix(Name(zone), ".")) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '-':
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteByte(hex[c>>4])   //nolint:mnd // The upper half of a byte.
			b.WriteByte(hex[c&0x0f]) //nolint:mnd // The lower half of a byte.
		}
	}
	return b.String()
}
