/// How a host's agent is started: a command prefix, and the agent's own command behind it.
package struct AgentTransport: Hashable, Sendable, Codable {
  /// What leads to the host: a program and arguments. No shell reads them on this machine.
  private let prefix: [String]
  /// What is started there.
  private let agent: [String]
  /// What the host is called in the prefix.
  private let host: String?

  /// - Parameter command: program and arguments that start the agent as they are.
  package init(command: [String]) { self.init(prefix: [], agent: command, host: nil) }

  private init(prefix: [String], agent: [String], host: String?) {
    self.prefix = prefix
    self.agent = agent
    self.host = host
  }

  /// Program and arguments, those of the agent included.
  package var command: [String] { prefix + agent }

  /// `ssh -- DESTINATION sudo -n sekisho agent`, with the user's own configuration of ssh.
  ///
  /// - Parameters:
  ///   - destination: what ssh(1) calls destination; must not begin with `-`.
  ///   - patience: how long the host may take to be reached; ssh counts whole seconds.
  package static func ssh(_ destination: String, _ patience: Patience = Patience()) -> Self {
    prefixed(["ssh", "--", destination, "sudo", "-n"], host: destination, patience)
  }

  /// A prefix in front of `sekisho agent`. Where it begins with ssh, what would wait for ever ends: a question that nobody
  /// answers, a host that is not there, and a connection that has died.
  ///
  /// - Parameters:
  ///   - prefix: program and arguments.
  ///   - host: what stands in them for the host.
  ///   - patience: as for ``ssh(_:_:)``.
  package static func prefixed(
    _ prefix: [String], host: String?, _ patience: Patience = Patience()
  ) -> Self {
    var prefix = prefix
    if let program = prefix.first, isSSH(program) {
      let seconds = max(1, min(patience.connect, patience.answer).components.seconds)
      let options = [
        "BatchMode=yes", "ConnectTimeout=\(seconds)", "ServerAliveInterval=5", "ServerAliveCountMax=3",
      ]
      prefix.insert(contentsOf: options.flatMap { ["-o", $0] }, at: 1)
    }
    return Self(prefix: prefix, agent: ["sekisho", "agent"], host: host)
  }

  /// Another command by the same way.
  package func starting(_ command: [String]) -> [String] { prefix + command }
}

extension AgentTransport {
  /// The same over a connection of its own: with `ControlMaster` (ssh_config(5)) a session may travel in a connection that
  /// has been there for hours, and shows nothing of what may begin. So it is with an ssh that another program starts, or that
  /// goes on from a host on the way.
  package var alone: Self {
    let named = prefix.prefix { $0 != "--" }
    var programs = named.indices.filter { Self.isSSH(named[$0]) }
    // One word at least behind the program has the host in it. Where one alone may, that is no program; of several it cannot be
    // told which: a connection that does not come about is better than one that proves nothing.
    let naming = prefix.indices.dropFirst().filter { place in host.map { prefix[place].contains($0) } ?? false
    }
    if naming.count == 1 { programs.removeAll { $0 == naming[0] } }
    let fresh = named.enumerated().flatMap { place, word in
      programs.contains(place) ? [word, "-o", "ControlPath=none"] : [word]
    }
    return Self(prefix: fresh + prefix.dropFirst(named.count), agent: agent, host: host)
  }

  private static func isSSH(_ word: String) -> Bool {
    word == "ssh" || word.hasSuffix("/ssh") && !word.hasPrefix("-")
  }
}

/// How long a host may keep us waiting.
package struct Patience: Hashable, Sendable {
  /// To be reached.
  package var connect: Duration
  /// For an answer, the first one included, or from one event to the next.
  package var answer: Duration

  package init(connect: Duration = .seconds(10), answer: Duration = .seconds(30)) {
    self.connect = connect
    self.answer = answer
  }
}
