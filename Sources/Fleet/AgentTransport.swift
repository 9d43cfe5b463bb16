/// How a host's agent is started: a command prefix in front of `sekisho agent`.
package struct AgentTransport: Hashable, Sendable, Codable {
  /// Program and arguments, `sekisho agent` included. No shell reads them on this machine.
  package let command: [String]

  package init(command: [String]) { self.command = command }

  /// `ssh -- DESTINATION sudo -n sekisho agent`, with the user's own configuration of ssh. What would wait
  /// for ever ends: a host that is not there, and a connection that has died.
  ///
  /// - Parameters:
  ///   - destination: what ssh(1) calls destination; must not begin with `-`.
  ///   - patience: how long the host may take to be reached; ssh counts whole seconds.
  package static func ssh(_ destination: String, _ patience: Patience = Patience()) -> Self {
    let seconds = max(1, min(patience.connect, patience.answer).components.seconds)
    return Self(
      command: [
        "ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=\(seconds)", "-o", "ServerAliveInterval=5", "-o",
        "ServerAliveCountMax=3", "--", destination, "sudo", "-n", "sekisho", "agent",
      ])
  }
}

extension AgentTransport {
  /// The same over a connection of its own: with `ControlMaster` (ssh_config(5)) a session may travel in a connection that
  /// has been there for hours, and shows nothing of what may begin.
  package var alone: Self {
    guard command.first == "ssh" else { return self }
    return Self(command: ["ssh", "-o", "ControlPath=none"] + command.dropFirst())
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
