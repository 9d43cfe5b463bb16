import Testing

/// What `status` counts: sessions that the kernel tracks, and records of what nothing allowed.
@Suite(.enabled(if: Shell.obstacle == nil && Shell.isRoot, "\(Shell.obstacle ?? "not root")"))
struct StatusAnswerTests {
  /// `b` sends whatever it likes; what of it no flow allows is denied at the other end. Datagrams of UDP need nobody
  /// who answers: those that pass are tracked.
  private static let inventory = """
    version: 1
    services: {dns: udp/53}
    hosts:
      a: {addresses: [10.0.0.1]}
      b: {addresses: [10.0.0.2], mode: observe}
      c: {addresses: [10.0.0.3]}
      d: {addresses: [10.0.0.4]}
    flows:
      names: {from: b, to: a, service: dns, why: test}

    """

  private static let start = """
    sekisho lab up -q; trap 'sekisho lab down -q' EXIT
    sekisho apply --lab --yes -q
    for host in a b; do
      sekisho lab exec $host -- sh -c 'echo 6000 > /proc/sys/net/netfilter/nf_conntrack_udp_timeout'
    done
    send() { for port; do sekisho lab exec b -- bash -c "echo x > /dev/udp/10.0.0.1/$port"; done; }

    """

  @Test(.timeLimit(.minutes(60))) func `sessions and records of each host are counted in its namespace`()
    throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        Self.start + """
          send 53 53 98 99 100
          sekisho status --lab --host a,b > told; cat told
          grep -E '^  input +enforce  3 packets denied, 3 peers and ports recorded$' told
          grep -E '^  output +observe  3 packets would be denied, 3 peers and ports recorded$' told
          grep -E '^  2 sessions tracked, of [0-9]+ at most$' told
          grep -E '^  5 sessions tracked, of [0-9]+ at most$' told
          (! grep full told)
          sekisho status --lab > lines; cat lines
          grep -E '^a  as wanted .* 3 packets denied, 3 recorded  2 sessions$' lines
          grep -E '^b  as wanted .* 0 packets denied, 0 recorded  5 sessions  input observe, output observe .3 recorded.$' lines
          grep -E '^c  as wanted .* 0 packets denied, 0 recorded  0 sessions$' lines
          sekisho status --lab --host a --json > json; cat json
          tr -d ' \\n' < json > joined
          grep '"sessions":{"count":2,"limit":[0-9]*},"sessions_nearly_full":false' joined
          grep '"are_records_full":false' joined; (! grep '"are_records_full":true' joined)
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `records that are full are told, and that there is room again`() throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        Self.start + """
          sekisho compile -q -o out; sed -i 's/size 65536/size 2/' out/a.nft
          sekisho lab exec a -- nft -f $PWD/out/a.nft
          send 98; sekisho status --lab --host a > told; grep '1 peer and port recorded' told; (! grep full told)
          send 99 100; sekisho status --lab --host a > told; cat told
          grep -E '^  input +enforce  3 packets denied, 2 peers and ports recorded$' told
          sekisho lab exec a -- nft list chain inet sekisho in/records > told.chain
          grep 'counter packets 1 .*not recorded: records are full' told.chain
          grep '^  ! input: a set of records is full: further peers' told; (! grep 'output: a set' told)
          grep '^  ! input: 1 packet not recorded: 1 without room in the records$' told; (! grep 'output: .* not rec' told)
          sekisho denied --lab --host a > told 2> said; cat said; grep '2 peers and ports' told
          grep 'a, input: records are not complete since its rules were made: 1 packet not recorded' said
          sekisho status --lab > lines; cat lines
          grep -E '^a .* 3 packets denied, 2 recorded  0 sessions  records full: input; not all recorded: input$' lines
          sekisho status --lab --host a --json > json
          grep '"are_records_full" : true' json; tr -d ' \\n' < json | grep '"unrecorded":{"full":1,"over_pace":0,"over_share":0}'
          sekisho lab exec a -- nft flush set inet sekisho in/denied.v4
          sekisho status --lab --host a > told; grep 'denied, 0 peers and ports recorded' told; (! grep full told)
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  struct Told: CustomTestStringConvertible, Sendable {
    /// What an agent says of sessions.
    let testDescription: String
    let lines: [String]
    let json: String

    init(_ fields: String, _ lines: [String], _ json: String) {
      (testDescription, self.lines, self.json) = (fields, lines, json)
    }
  }

  private static func room(_ percent: Int) -> String {
    "  ! sessions take \(percent) % of the room that there is for them: once it is full the kernel drops what would begin another, whatever the rules say (net.netfilter.nf_conntrack_max)"
  }

  static let told = [
    Told(#","sessions":{}"#, ["  sessions are not tracked"], #""sessions":{},"sessions_nearly_full":false"#),
    Told("", [], ""),
    Told(
      #","sessions":{"count":1}"#, ["  1 session tracked"],
      #""sessions":{"count":1},"sessions_nearly_full":false"#),
    Told(
      #","sessions":{"count":899,"limit":1000}"#, ["  899 sessions tracked, of 1000 at most"],
      #""sessions":{"count":899,"limit":1000},"sessions_nearly_full":false"#),
    Told(
      #","sessions":{"count":900,"limit":1000}"#, ["  900 sessions tracked, of 1000 at most", room(90)],
      #""sessions":{"count":900,"limit":1000},"sessions_nearly_full":true"#),
    Told(
      #","sessions":{"count":1000,"limit":1000}"#,
      [
        "  1000 sessions tracked, of 1000 at most",
        "  ! there is no room for another session: the kernel drops what would begin one, whatever the rules say (net.netfilter.nf_conntrack_max)",
      ], #""sessions":{"count":1000,"limit":1000},"sessions_nearly_full":true"#),
  ]

  @Test(.timeLimit(.minutes(60)), arguments: told)
  func `what a host says of sessions is told in these words`(_ told: Told) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try Self.agent(saying: told.testDescription, in: shell)
      let text = try shell.run("\(Self.path) sekisho status --host a")
      #expect(text.status == 0, "\(text.all)")
      #expect(
        text.output.split(separator: "\n").map(String.init).filter { $0.contains("session") } == told.lines,
        "\(text.all)")
      let json = try shell.run("\(Self.path) sekisho status --host a --json | tr -d ' \\n'")
      #expect(
        told.json.isEmpty ? !json.output.contains("sessions") : json.output.contains(told.json), "\(json.all)"
      )
    }
  }

  @Test(.timeLimit(.minutes(60))) func `of many hosts one whose sessions take all room is told in its line`()
    throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try Self.agent(saying: #","sessions":{"count":95,"limit":100}"#, in: shell)
      let result = try shell.run(
        """
        \(Self.path) sekisho status --host all > told 2>&1; cat told
        grep -E '^a  without a table +95 sessions  sessions 95 % full$' told
        grep '^4 hosts: 4 without a table$' told
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  private static let path = "PATH=$PWD/bin:$PATH"

  /// A way to agents of each host in a namespace of its own, which say of sessions what they are told to.
  private static func agent(saying fields: String, in shell: Shell) throws {
    try shell.write(
      "bin/ssh",
      """
      #!/bin/sh
      case " $* " in *" a "*) last=1;; *" b "*) last=2;; *" c "*) last=3;; *) last=4;; esac
      unshare -n sh -c "ip address add 10.0.0.$last dev lo; exec sekisho agent" |
        sed -u 's/,"sessions":{[^}]*}/\(fields)/'

      """)
  }
}
