package canonical

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContent(t *testing.T) {
	cases := map[string]struct {
		reason  string
		rrtype  string
		content string
		want    string
	}{
		"Address":        {reason: "An address is written the short way.", rrtype: "AAAA", content: "2001:DB8:0:0::1", want: "2001:db8::1"},
		"DotAdded":       {reason: "Names in data are full names.", rrtype: "MX", content: "10   mail.example.org", want: "10 mail.example.org."},
		"CaseKept":       {reason: "The server keeps the case of names in data.", rrtype: "CNAME", content: "Www.Example.org", want: "Www.Example.org."},
		"SRV":            {reason: "The target of a service is a name.", rrtype: "SRV", content: "0 5 443 x.example.org", want: "0 5 443 x.example.org."},
		"Alias":          {reason: "ALIAS is PowerDNS's own.", rrtype: "ALIAS", content: "lb.example.org", want: "lb.example.org."},
		"NullMX":         {reason: "The root is a name too.", rrtype: "MX", content: "0 .", want: "0 ."},
		"TextQuoted":     {reason: "Bare text is one string.", rrtype: "TXT", content: `v=DMARC1; p=none`, want: `"v=DMARC1; p=none"`},
		"TextEscaped":    {reason: "Bare text is taken literally.", rrtype: "TXT", content: `say "hi" \o/`, want: `"say \"hi\" \\o/"`},
		"TextStrings":    {reason: "Space between strings does not matter, space in them does.", rrtype: "TXT", content: `"a  b"   "c"`, want: `"a  b" "c"`},
		"TextBytes":      {reason: "The server writes other bytes as numbers.", rrtype: "TXT", content: `café`, want: `"caf\195\169"`},
		"TextLong":       {reason: "A string has 255 bytes at most.", rrtype: "TXT", content: strings.Repeat("x", 256), want: `"` + strings.Repeat("x", 255) + `" "x"`},
		"TextEmpty":      {reason: "Quotes may be empty.", rrtype: "TXT", content: `""`, want: `""`},
		"Lua":            {reason: "Code is left alone inside its quotes.", rrtype: "LUA", content: `A   "ifurlup('https://x/', {{'192.0.2.1'}},  {selector='all'})"`, want: `A "ifurlup('https://x/', {{'192.0.2.1'}},  {selector='all'})"`},
		"HTTPS":          {reason: "Service parameters are left as they are.", rrtype: "HTTPS", content: "1  . alpn=h2,h3", want: "1 . alpn=h2,h3"},
		"Digest":         {reason: "The server writes digests in one piece.", rrtype: "TLSA", content: "3 1 1 ABCDEF00 11", want: "3 1 1 abcdef0011"},
		"Unparsable":     {reason: "What can't be parsed is for the server to judge.", rrtype: "A", content: "not an  address", want: "not an address"},
		"UnknownType":    {reason: "A type nobody knows is passed on.", rrtype: "NOSUCH", content: "1  2", want: "1 2"},
		"NothingInjects": {reason: "A second line is not a second record.", rrtype: "A", content: "192.0.2.1\nx 0 IN A 192.0.2.2", want: "192.0.2.1\nx 0 IN A 192.0.2.2"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Content(tc.rrtype, tc.content)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nContent(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(got, Content(tc.rrtype, got)); diff != "" {
				t.Errorf("Content of its own result: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestKey(t *testing.T) {
	cases := map[string]struct {
		reason string
		rrtype string
		a, b   string
		want   bool
	}{
		"NameCase":   {reason: "Names have no case.", rrtype: "MX", a: "10 Mail.example.org.", b: "10 mail.example.org", want: true},
		"TextCase":   {reason: "Text has.", rrtype: "TXT", a: `"A"`, b: `"a"`, want: false},
		"Strings":    {reason: "Two strings are not one.", rrtype: "TXT", a: `"a" "b"`, b: `"ab"`, want: false},
		"Quotes":     {reason: "Quotes around bare text are not part of it.", rrtype: "TXT", a: "hello", b: `"hello"`, want: true},
		"Escapes":    {reason: "A byte is the same however it is written.", rrtype: "TXT", a: `"caf\195\169"`, b: "café", want: true},
		"DigestCase": {reason: "Digests are numbers.", rrtype: "DS", a: "1 13 2 ABCD", b: "1 13 2 abcd", want: true},
		"Params":     {reason: "Quotes around service parameters don't matter.", rrtype: "HTTPS", a: `1 . alpn="h2,h3"`, b: "1 . alpn=h2,h3", want: true},
		"Different":  {reason: "Different data is different.", rrtype: "A", a: "192.0.2.1", b: "192.0.2.2", want: false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Key(tc.rrtype, tc.a) == Key(tc.rrtype, tc.b); got != tc.want {
				t.Errorf("%s\nKey(%q) == Key(%q): want %t, got %t", tc.reason, tc.a, tc.b, tc.want, got)
			}
		})
	}
}

func TestIn(t *testing.T) {
	cases := map[string]struct {
		name, zone string
		want       bool
	}{
		"Apex":    {name: "Example.org", zone: "example.org.", want: true},
		"Below":   {name: "*.a.example.org", zone: "EXAMPLE.org", want: true},
		"Suffix":  {name: "notexample.org", zone: "example.org", want: false},
		"Outside": {name: "example.com", zone: "example.org", want: false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := In(tc.name, tc.zone); got != tc.want {
				t.Errorf("In(%q, %q): want %t, got %t", tc.name, tc.zone, tc.want, got)
			}
		})
	}
}

func TestZoneID(t *testing.T) {
	if diff := cmp.Diff("0=2F25.2.0.192.in-addr.arpa", ZoneID("0/25.2.0.192.IN-ADDR.arpa.")); diff != "" {
		t.Errorf("ZoneID(...): -want, +got:\n%s", diff)
	}
}
