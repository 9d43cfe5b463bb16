package import Addressing

/// An inventory to begin with: one machine, what nearly every machine needs, and who logs in to it.
///
/// It only observes, so that nothing stops before somebody has said what is needed; what everything needs stands as a flow
/// with its reason. Every file can be read by every reader of YAML.
package struct FirstInventory: Hashable, Sendable {
  /// A machine, as it sees itself.
  package struct Machine: Hashable, Sendable {
    /// What it calls itself; any text.
    package let node: String
    /// By which others reach it; of each family or of one, but one at least.
    package let addresses: [Address]
    /// Whether something on it has its addresses from a server.
    package let hasLeases: Bool
    /// Whether it forwards to containers or virtual machines.
    package let hasContainers: Bool
    /// Whom it asks for names, as far as those are others.
    package let resolvers: [Address]
    /// From where somebody is logged in; `nil`: nobody is, or from the machine itself.
    package let login: Address?
    /// The port of this machine that he is logged in at.
    package let sshPort: UInt16
    /// Who that is, on the machine.
    package let user: String

    package init(
      node: String, addresses: [Address], hasLeases: Bool, hasContainers: Bool, resolvers: [Address],
      login: Address?, sshPort: UInt16 = 22, user: String
    ) {
      (self.node, self.addresses, self.hasLeases, self.hasContainers) =
        (node, addresses, hasLeases, hasContainers)
      (self.resolvers, self.login, self.sshPort, self.user) = (resolvers, login, sshPort, user)
    }
  }

  /// A file of the directory.
  package struct File: Hashable, Sendable {
    package let name: String
    package let text: String

    package init(name: String, text: String) { (self.name, self.text) = (name, text) }
  }

  private let machine: Machine
  private let resolvers: [Address]
  private let login: Address?
  /// Of the machine, in the inventory.
  package let host: String

  /// Peers in a family that the machine has no address of are left out: no flow could have them.
  package init(_ machine: Machine) {
    let families = Set(machine.addresses.map(\.family))
    resolvers = machine.resolvers.filter { families.contains($0.family) }
    login = machine.login.flatMap { families.contains($0.family) ? $0 : nil }
    self.machine = machine
    host = Self.name(of: machine.node)
  }

  /// Names of networks below, and what no host may be called.
  private static let taken: Set<String> = [
    "all", "managed", "private", "internet", "resolvers", "operators",
  ]

  /// What is before the first dot, in what names are made of.
  private static func name(of node: String) -> String {
    let label = node.lowercased().prefix { $0 != "." }
    let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    let plain = String(label.map { letters.contains($0) ? $0 : "-" }.drop { $0 == "-" || $0 == "_" })
    let name = plain.contains { $0.isLetter } ? plain : plain.isEmpty ? "host-1" : "host-\(plain)"
    return InventoryName.free(name, besides: taken)
  }

  /// In the order in which they are read.
  package var files: [File] {
    [
      ("00-settings.yaml", settings), ("10-networks.yaml", networks), ("20-services.yaml", services),
      ("30-hosts.yaml", hosts), ("40-flows.yaml", flows),
    ].map { File(name: $0, text: "\(Self.modeline)\n\($1)") }
  }

  /// Where an editor finds the language, beside the files; hidden, so that it is not read as one of them.
  package static let schemaFile = ".sekisho-schema.json"

  /// What yaml-language-server looks for in a file.
  private static let modeline = "# yaml-language-server: $schema=\(schemaFile)"

  private var settings: String {
    """
    # What may pass between servers. Everything that no flow names is denied, once hosts enforce.
    # All *.yaml files here are one inventory; `man sekisho-inventory` says what can be written.
    version: 1

    settings:
      # observe: what would be denied passes, and is recorded. `sekisho suggest` proposes the flows that are missing, and
      # when `sekisho observed --ready` finds none, write enforce.
      mode: observe
      # The service by which hosts are managed: no change is applied after which nobody could log in.
      management: ssh

    """
  }

  private var networks: String {
    let others =
      (login == nil ? [] : ["operators"]) + (resolvers.isEmpty ? [] : ["resolvers"])
    var lines = [
      "# Peers that are not managed from here, by their addresses.",
      "networks:",
      "  internet:",
      "    prefixes: [\"0.0.0.0/0\", \"::/0\"]",
      "    # Without these, every rule for the internet would be one for our own servers, too.",
      "    except: [managed, private\(others.map { ", \($0)" }.joined())]",
    ]
    if let login {
      lines += [
        "  # Whoever logs in; add the networks of colleagues, or a jump host.",
        "  operators:", "    prefixes: [\(Self.prefix(login))]",
      ]
    }
    if !resolvers.isEmpty {
      lines += [
        "  # Whom this machine asks for names (resolv.conf).",
        "  resolvers:", "    prefixes: [\(resolvers.map(Self.prefix).joined(separator: ", "))]",
      ]
    }
    return Self.file(lines)
  }

  private static func prefix(_ address: Address) -> String { "\"\(address)/\(address.family.bitWidth)\"" }

  private var services: String {
    """
    # What listens, by names that flows use: a port changes in one place.
    services:
      ssh: tcp/\(machine.sshPort)
      dns: [udp/53, tcp/53]          # large answers come over TCP
      ntp: udp/123
      web: [tcp/80, tcp/443]
      ping: icmp/echo-request        # of both families

    """
  }

  private var hosts: String {
    var lines = [
      "# Every server with the addresses by which others reach it. A group exists when a host names it.",
      "hosts:",
      "  \(InventoryName.yaml(host)):",
      "    addresses: [\(machine.addresses.map { "\"\($0)\"" }.joined(separator: ", "))]",
    ]
    if machine.hasLeases {
      lines += ["    # Its addresses come from a DHCP server.", "    dhcp: true"]
    }
    if machine.hasContainers {
      lines += [
        "    # A flow to the host with a port that a container publishes opens it; else nothing does.",
        "    forwarding: containers",
      ]
    }
    lines += [
      "  # More of them:",
      "  # db-[1..3]: {addresses: [\"10.0.3.[11..13]\"], groups: [db]}",
    ]
    return Self.file(lines)
  }

  private var flows: String {
    var lines = [
      "# Who may ask whom for what, and why. Nothing else opens anything.",
      "flows:",
    ]
    func flow(
      _ name: String, _ from: String, _ to: String, _ service: String, _ why: String, remark: String? = nil
    ) {
      if let remark { lines.append("  # \(remark)") }
      let words = [
        "from: \(from)", "to: \(to)", "service: \(service)", "why: \(why)", "owner: \(owner)",
      ]
      lines.append("  \(name):")
      lines += words.map { "    \($0)" }
    }
    if login == nil {
      lines += [
        "  # From where somebody logs in is not known; name that as a network operators, and let it in:",
        "  # operators-log-in: {from: operators, to: all, service: [ssh, ping], why: Servers are managed over ssh}",
      ]
    } else {
      flow("operators-log-in", "operators", "all", "[ssh, ping]", "Servers are managed over ssh")
    }
    if resolvers.isEmpty {
      flow("names", "all", "internet", "dns", "Names are looked up")
    } else {
      flow("names", "all", "resolvers", "dns", "Names are looked up")
    }
    flow(
      "time", "all", "internet", "ntp", "Clocks agree",
      remark:
        "An intruder has these two as well: name your own time servers and mirror as networks when you know them."
    )
    flow("packages", "all", "internet", "web", "Updates are fetched from a mirror")
    return Self.file(lines)
  }

  /// In quotes: a user may be called anything.
  private var owner: String {
    let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    let plain = machine.user.filter { letters.contains($0) }
    return "\"\(plain.isEmpty ? "nobody yet" : plain)\""
  }

  private static func file(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}
