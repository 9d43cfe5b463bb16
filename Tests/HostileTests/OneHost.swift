import Testing

/// A host `a` that this namespace is, and `b`, which may ask it for web and ssh.
enum OneHost {
  static let inventory = """
    version: 1
    services: {web: tcp/443, ssh: tcp/22}
    hosts:
      a: {addresses: [10.0.0.1]}
      b: {addresses: [10.0.0.2]}
    flows:
      orders: {from: b, to: a, service: [web, ssh], why: test}
    """

  /// Makes a namespace that host.
  static let start = "ip link set lo up; ip address add 10.0.0.1/32 dev lo"

  /// Runs each text of commands in a namespace of its own, all in one directory; all of them succeed.
  static func run(_ texts: [String], inventory: String = Self.inventory) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", inventory)
      for commands in texts {
        let result = try shell.run(commands)
        #expect(result.status == 0, "\(commands)\n\(result.all)")
      }
    }
  }
}
