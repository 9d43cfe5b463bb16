import Addressing
import Fleet
import Glibc
import LabHarness
import Testing

extension KernelProof {
  /// A host of containers with rules as docker writes them, loaded by iptables itself: real packets on every way there is.
  @Suite(.enabled(if: isIptablesHere, "no iptables")) struct ContainerProofTests {
    /// What stands between the published port and the container: docker's userland proxy takes what its rules do not lead
    /// there, or there is none and the rules lead all of it.
    enum Publishing: String, CaseIterable, CustomTestStringConvertible {
      case withProxy, withoutProxy

      var testDescription: String { rawValue }
    }

    private static func inventory(_ mode: String, egress: String) -> String {
      """
      version: 1
      settings: {mode: \(mode)}
      services: {web: tcp/8080, dns: udp/53, other: udp/7000}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        stranger: {addresses: [10.0.0.3, "2001:db8::3"]}
        server:
          addresses: [10.0.0.2, "2001:db8::2"]
          forwarding: containers
          containers: {egress: \(egress)}
        box-[1..2]: {addresses: ["10.0.0.[11..12]", "2001:db8::[11..12]"]}
      flows:
        client-to-server: {from: client, to: server, service: [web, dns], why: what is published}
        server-to-client: {from: server, to: client, service: other, why: the host's own way out}
      """
    }

    private static func ways(_ family: AddressFamily, _ publishing: Publishing) -> [ContainerPath] {
      let (host, client, inside, other, gate) =
        family == .ipv4
        ? ("10.0.0.2", "10.0.0.1", "172.17.0.2", "172.17.0.3", "172.17.0.1")
        : ("2001:db8::2", "2001:db8::1", "fd00:17::2", "fd00:17::3", "fd00:17::1")
      let hasProxy = publishing == .withProxy
      return [
        ContainerPath("published, with a flow", "client", "tcp - \(host) 8080", "open", "open"),
        ContainerPath("published, no flow of theirs", "stranger", "tcp - \(host) 8080", "open", "silent"),
        ContainerPath("published, without a flow", "client", "tcp - \(host) 8081", "open", "silent"),
        ContainerPath("the port behind, at the host", "client", "tcp - \(host) 80", "refused", "silent"),
        ContainerPath("straight to a container", "client", "tcp - \(inside) 80", "open", "silent"),
        ContainerPath(
          "straight, to the port of a flow", "client", "tcp - \(inside) 8080", "refused", "silent"),
        ContainerPath("straight, from a stranger", "stranger", "udp - \(inside) 53", "open", "silent"),
        ContainerPath("out of a container", "box-1", "tcp - \(client) 80", "open", "open", judged: "silent"),
        ContainerPath("out, as the host may", "box-1", "udp - \(client) 7000", "open", "open"),
        // An error about it comes back in.
        ContainerPath(
          "out, to a closed port", "box-1", "udp - \(client) 7001", "refused by \(client)",
          "refused by \(client)", judged: "silent"),
        ContainerPath("to another container", "box-1", "tcp - \(other) 80", "open", "open"),
        ContainerPath("from the host to a container", "server", "tcp - \(inside) 80", "open", "open"),
        ContainerPath("from the host to what it publishes", "server", "tcp - \(host) 8080", "open", "open"),
        ContainerPath("a resolver of the host", "box-1", "udp - \(gate) 53", "open", "open"),
        ContainerPath("another port of the host", "box-1", "tcp - \(gate) 22", "open", "silent"),
        // Without the proxy it never leaves the bridge; with it, the host is asked, and no flow is about containers.
        ContainerPath(
          "what is published, from a container", "box-2", "tcp - \(host) 8080", "open",
          hasProxy ? "silent" : "open"),
      ]
    }

    @Test(arguments: Publishing.allCases, AddressFamily.allCases)
    func `a published port is open to whom a flow allows, and containers go on`(
      publishing: Publishing, family: AddressFamily
    ) async throws {
      let ways = Self.ways(family, publishing)
      try await withContainers(Self.inventory("enforce", egress: "leave"), publishing) { proof in
        try await proof.expect(ways, \.before)
        try await proof.apply(["server"])
        try await proof.expect(ways, \.after)
        // What was denied on its way to a container is recorded.
        let records = try await proof.lab.run(
          "server",
          ["nft", "list", "set", "inet", "sekisho", "forward/denied.\(family == .ipv4 ? "v4" : "v6")"])
        let denied =
          family == .ipv4 ? "10.0.0.3 . 172.17.0.2 . tcp . 80" : "2001:db8::3 . fd00:17::2 . tcp . 80"
        #expect(records.output.contains(denied), "\(records.output)")
        let judging = try proof.changed(to: Self.inventory("enforce", egress: "enforce"))
        try await judging.apply(["server"])
        try await proof.expect(ways, \.judged)
        let observing = try proof.changed(to: Self.inventory("observe", egress: "enforce"))
        try await observing.apply(["server"])
        try await proof.expect(ways, \.before)
      }
    }

    /// Without ip6tables docker leaves IPv6 to its proxy: nothing is translated, and what asks arrives in input.
    @Test func `what a proxy takes without translation is judged the same`() async throws {
      try await withContainers(Self.inventory("enforce", egress: "leave"), nil) { proof in
        let attempt = ["tcp - 2001:db8::2 8080"]
        _ = try await proof.lab.whileListening(["server"], ["tcp=8080"]) {
          for (node, before, after) in [("client", "open", "open"), ("stranger", "open", "silent")] {
            _ = try await proof.lab.run("server", ["nft", "delete", "table", "inet", "sekisho"])
            #expect(try await proof.lab.probe(node, attempt) == [before], "\(node)")
            try await proof.apply(["server"])
            #expect(try await proof.lab.probe(node, attempt) == [after], "\(node)")
          }
        }
      }
    }
  }

  static let isIptablesHere = isExecutable("iptables-nft-restore") && isExecutable("ip6tables-nft-restore")
}

private func isExecutable(_ name: String) -> Bool {
  ["/usr/sbin", "/sbin", "/usr/bin"].contains { access("\($0)/\(name)", X_OK) == 0 }
}

/// A way to, from or past a container, with what becomes of an attempt before anything is applied, and when it is.
private struct ContainerPath: Sendable {
  let name: String
  let node: String
  let attempt: String
  let before: String
  let after: String
  /// Where the containers' own ways out are enforced too.
  let judged: String

  init(
    _ name: String, _ node: String, _ attempt: String, _ before: String, _ after: String,
    judged: String? = nil
  ) {
    (self.name, self.node, self.attempt) = (name, node, attempt)
    (self.before, self.after, self.judged) = (before, after, judged ?? after)
  }
}

extension ProofLab {
  /// Tries ways while everything listens that anything is led to.
  fileprivate func expect(_ paths: [ContainerPath], _ expected: KeyPath<ContainerPath, String>) async throws {
    let byNode = Dictionary(grouping: paths, by: \.node)
    let told = await concurrently(byNode.sorted { $0.key < $1.key }, limit: 4) { node, paths in
      try await lab.probe(node, paths.map(\.attempt))
    }
    var surprises: [String] = []
    for ((_, paths), outcomes) in zip(byNode.sorted { $0.key < $1.key }, told) {
      let outcomes = try outcomes.get()
      try #require(outcomes.count == paths.count)
      for (path, outcome) in zip(paths, outcomes) where outcome != path[keyPath: expected] {
        surprises.append("\(path.name): \(outcome), not \(path[keyPath: expected])")
      }
    }
    #expect(surprises == [], "\(expected)")
  }
}

/// Brings up a lab in which two of the nodes are containers behind the bridge of the host `server`, and a link leads from
/// client and stranger straight to that host, so that they could reach containers by routing.
///
/// - Parameter publishing: how ports 8080 and 8081 of the host are led to a container; `nil`: not at all.
private func withContainers<Result: Sendable>(
  _ inventory: String, _ publishing: KernelProof.ContainerProofTests.Publishing?,
  _ body: @Sendable (ProofLab) async throws -> Result
) async throws -> Result {
  try await withProofLab(try loaded(inventory), try labRights()) { proof in
    let lab = proof.lab
    func shell(_ node: String, _ script: String) async throws {
      _ = try await lab.run(node, ["sh", "-ec", script]).succeeded()
    }
    try await shell(
      "server",
      """
      for setting in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$setting; done
      ip link add docker0 type bridge stp_state 0 forward_delay 0
      ip addr add 172.17.0.1/16 dev docker0; ip addr add fd00:17::1/64 dev docker0 nodad
      ip link set docker0 up
      for number in 1 2; do
        ip link add box$number type veth peer name eth1 netns box-$number
        ip link set box$number master docker0 up
      done
      for node in client stranger; do
        ip link add lan-$node type veth peer name eth1 netns $node
        ip addr add fe80::a/64 dev lan-$node nodad
        ip link set lan-$node up
      done
      """)
    for number in 1...2 {
      try await shell(
        "box-\(number)",
        """
        ip link delete eth0
        ip addr add 172.17.0.\(number + 1)/16 dev eth1; ip addr add fd00:17::\(number + 1)/64 dev eth1 nodad
        ip link set eth1 up
        ip route add default via 172.17.0.1; ip route add default via fd00:17::1
        """)
    }
    for (node, number) in [("client", 1), ("stranger", 3)] {
      try await shell(
        node,
        """
        ip link set eth1 up
        ip route add 172.17.0.0/16 via 10.0.0.2 dev eth1 onlink src 10.0.0.\(number)
        ip route add fd00:17::/64 via fe80::a dev eth1 src 2001:db8::\(number)
        """)
    }
    for (family, command) in [(AddressFamily.ipv4, "iptables"), (.ipv6, "ip6tables")] {
      guard let publishing else { continue }
      let restored = try await lab.run(
        "server", ["\(command)-nft-restore"], input: dockerRules(family, publishing))
      _ = try restored.succeeded()
    }
    let proxied = publishing == .withProxy ? ",8080,8081" : ""
    let result = Handed<Result>()
    _ = try await lab.whileListening(publishing == nil ? [] : ["server"], ["tcp=22\(proxied)", "udp=53"]) {
      _ = try await lab.whileListening(["box-1", "box-2"], ["tcp=80", "udp=53"]) {
        _ = try await lab.whileListening(["client"], ["tcp=80", "udp=7000"]) {
          await result.take(try await body(proof))
        }
      }
    }
    return try #require(await result.value)
  }
}

/// A value handed out of a closure that returns none.
private actor Handed<Value: Sendable> {
  private(set) var value: Value?

  func take(_ value: Value) { self.value = value }
}

/// What docker 20.10 writes for one container that publishes two ports, with and without its proxy, in one family.
/// Forwarding is not closed by docker here, as on a host that forwarded before docker came.
private func dockerRules(
  _ family: AddressFamily, _ publishing: KernelProof.ContainerProofTests.Publishing
) -> String {
  let isIPv4 = family == .ipv4
  let (subnet, box) = isIPv4 ? ("172.17.0.0/16", "172.17.0.2") : ("fd00:17::/64", "fd00:17::2")
  let (only, loopback) = isIPv4 ? ("32", "127.0.0.0/8") : ("128", "::1/128")
  let target = isIPv4 ? "172.17.0.2:80" : "[fd00:17::2]:80"
  let hasProxy = publishing == .withProxy
  var nat = """
    *nat
    :DOCKER - [0:0]
    -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
    -A OUTPUT \(hasProxy ? "! -d \(loopback) " : "")-m addrtype --dst-type LOCAL -j DOCKER
    -A POSTROUTING -s \(subnet) ! -o docker0 -j MASQUERADE
    -A POSTROUTING -s \(subnet) -d \(box)/\(only) -p tcp -m tcp --dport 80 -j MASQUERADE

    """
  if hasProxy {
    nat += "-A DOCKER -i docker0 -j RETURN\n"
  } else {
    nat += "-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE\n"
  }
  for port in [8080, 8081] {
    let outside = hasProxy ? "! -i docker0 " : ""
    nat += "-A DOCKER \(outside)-p tcp -m tcp --dport \(port) -j DNAT --to-destination \(target)\n"
  }
  return nat + """
    COMMIT
    *filter
    :FORWARD ACCEPT [0:0]
    :DOCKER - [0:0]
    :DOCKER-ISOLATION-STAGE-1 - [0:0]
    :DOCKER-ISOLATION-STAGE-2 - [0:0]
    :DOCKER-USER - [0:0]
    -A FORWARD -j DOCKER-USER
    -A FORWARD -j DOCKER-ISOLATION-STAGE-1
    -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    -A FORWARD -o docker0 -j DOCKER
    -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
    -A FORWARD -i docker0 -o docker0 -j ACCEPT
    -A DOCKER -d \(box)/\(only) ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
    -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
    -A DOCKER-ISOLATION-STAGE-1 -j RETURN
    -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
    -A DOCKER-ISOLATION-STAGE-2 -j RETURN
    -A DOCKER-USER -j RETURN
    COMMIT

    """
}
