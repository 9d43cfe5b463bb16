import Testing

/// A machine that speaks from where no rule of its peers expects it.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct StrayAddressTests {
  @Test func `addresses of nobody and of other hosts are told wherever a machine is looked at`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", CommandLineTests.inventory)
      let result = try shell.run(
        """
        ip link set lo up; ip address add 10.0.0.1 dev lo; ip address add 2001:db8::1 dev lo
        sekisho apply --no-trial --local --host a --yes > first; (! grep carries first)
        sekisho diff --local --host a > same; (! grep carries same)
        sekisho status --local --host a > same; (! grep carries same)
        ip address add 2001:db8::aaaa:bbbb:cccc:dddd dev lo; ip address add 10.0.0.2 dev lo
        sekisho diff --local --host a > told
        grep 'a carries 2001:db8::aaaa:bbbb:cccc:dddd, which the inventory gives to no host: peers deny' told
        grep 'a carries 10.0.0.2 of b: peers' told; (! grep 127.0.0.1 told)
        sekisho status --local --host a > told; grep 'carries 2001:db8::aaaa' told; grep 'carries 10.0.0.2 of b' told
        sekisho status --local --host a --json > told; grep '"10.0.0.2" : "b"' told; grep '"2001:db8::aaaa:bbbb' told
        sekisho apply --no-trial --local --host a --yes > told; grep 'a carries 10.0.0.2 of b' told
        sekisho status > alone; (! grep carries alone)
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
