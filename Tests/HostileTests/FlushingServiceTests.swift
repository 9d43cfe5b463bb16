import Testing

/// Services that take the table away are told with what else there is to know of a host.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct FlushingServiceTests {
  @Test(.timeLimit(.minutes(60))) func `status names them, and makes nothing by looking`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml", "version: 1\nhosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}}\n")
      // A host whose agent has found one.
      let service =
        #"{"unit":"nftables\u001b.service","moments":["start","boot","stop"],"command":"nft flush ruleset"}"#
      try shell.write(
        "bin/ssh",
        "#!/bin/sh\nsekisho agent | sed -u 's/\"foreignChains\":\\[\\]/&,\"flushing\":[\(service.replacing("\\", with: "\\\\"))]/'\n"
      )
      let result = try shell.run(
        """
        PATH=$PWD/bin:$PATH; ip address add 10.0.0.1 dev lo; export SEKISHO_STATE_DIR=$PWD/state; rm -rf state
        sekisho status --host a > said; cat said
        grep 'service takes Sekisho.s table away when it is started, at every boot .*, when it is stopped (nft flush ruleset)' said
        (! grep "$(printf '\\033')" said)
        sekisho status --host a --json > json; grep '"services_that_flush"' json; grep '"boot"' json
        sekisho status; test ! -e state
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
