import Glibc
import Lab
import LabHarness
import Testing

/// OpenSSH servers of our own with their key, and a user who knows it, all in one directory.
struct SSHServer: Sendable {
  static let path = "/usr/sbin/sshd"
  static let isInstalled = access(path, X_OK) == 0

  let directory: String
  let lab: Lab

  /// Keys, configurations and programs of both ends.
  func prepare(inventory: String) async throws {
    let sekisho = try productProgram()
    // What `hook` holds is done ahead of each connection, by whoever makes it.
    let commands = """
      set -e
      cd "$0"
      mkdir -m 700 home home/.ssh bin
      ssh-keygen -q -t ed25519 -N '' -f host_key
      ssh-keygen -q -t ed25519 -N '' -f home/.ssh/id
      cp home/.ssh/id.pub authorized_keys
      echo "first-web $(cut -d' ' -f1-2 host_key.pub)" > home/.ssh/known_hosts
      ln -s "$1" bin/sekisho
      printf '#!/bin/sh\\n[ "$1" = -n ] && shift\\nexec "$@"\\n' > bin/sudo
      printf '#!/bin/sh\\n[ ! -f %s/hook ] || . %s/hook\\nexec /usr/bin/ssh -F %s/home/.ssh/config "$@"\\n' \
        "$0" "$0" "$0" > bin/ssh
      chmod 755 bin/sudo bin/ssh
      cat > inventory.yaml
      """
    _ = try await run(["/bin/sh", "-c", commands, directory, sekisho], input: inventory).succeeded()
    try await configure(host: "first-web", port: 22)
  }

  /// Another inventory in the place of the first.
  func write(inventory: String) async throws { try await write(inventory, to: "inventory.yaml") }

  func write(_ text: String, to file: String) async throws {
    _ = try await run(["/bin/sh", "-c", "cat > \"$0/\(file)\"", directory], input: text).succeeded()
  }

  /// What of a file has been written.
  func read(_ file: String) async throws -> String {
    try await run(["/bin/cat", "\(directory)/\(file)"]).output
  }

  /// What is done at the desk ahead of each connection, as sh(1) reads it, with ssh's own arguments; empty: nothing.
  func hook(_ script: String) async throws { try await write(script + "\n", to: "hook") }

  /// The user's configuration: the name of the inventory leads to an address.
  func configure(host: String, port: Int) async throws {
    try await configure([host: "10.0.0.2"], port: port)
  }

  /// The same of several.
  ///
  /// - Parameter options: of all of them, a line each.
  func configure(_ addresses: [String: String], port: Int = 22, options: [String] = []) async throws {
    let hosts = addresses.sorted { $0.key < $1.key }.map { "Host \($0)\n  HostName \($1)\n" }
    let common = """
      Host *
        HostKeyAlias first-web
        Port \(port)
        User root
        IdentityFile \(directory)/home/.ssh/id
        IdentitiesOnly yes
        UserKnownHostsFile \(directory)/home/.ssh/known_hosts
        StrictHostKeyChecking yes
        ConnectTimeout 3
        ServerAliveInterval 5
        ServerAliveCountMax 3

      """
    try await write(
      hosts.joined() + common + options.map { "  \($0)\n" }.joined(), to: "home/.ssh/config")
  }

  /// Options with which one connection to a host serves all.
  var sharing: [String] { ["ControlMaster auto", "ControlPath \(directory)/c-%C", "ControlPersist 60"] }

  /// Runs the server in a host until the body is done.
  func running(on host: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
    let state = "/run/sekisho/\(host)"
    let configuration = """
      Port 22
      HostKey \(directory)/host_key
      AuthorizedKeysFile \(directory)/authorized_keys
      StrictModes no
      UsePAM no
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      PermitRootLogin prohibit-password
      PidFile \(directory)/\(host).pid
      SetEnv PATH=\(directory)/bin:/usr/sbin:/usr/bin:/sbin:/bin SEKISHO_RUNTIME_DIR=\(state) SEKISHO_STATE_DIR=\(state)/state

      """
    try await write(configuration, to: "\(host).sshd")
    // The directory that it wants for separating privileges is in the lab's own /run.
    let start = """
      mkdir -p /run/sshd
      cd \(directory)
      \(Self.path) -D -e -f \(directory)/\(host).sshd 2>\(host).log & server=$!
      i=0
      until grep -q 'Server listening on ::' \(host).log || [ $i -gt 100 ]; do i=$((i+1)); sleep 0.1; done
      echo started
      cat >/dev/null
      kill $server
      wait $server
      cat \(host).log
      """
    let command = try lab.execPrefix(host) + ["sh", "-c", start]
    _ = try await whileRunning(command, after: "started", body)
  }

  /// How often a server has let somebody in.
  func logins(_ host: String) async throws -> Int {
    try await read("\(host).log").split(whereSeparator: \.isNewline).count {
      $0.contains("Accepted publickey")
    }
  }

  /// Runs the product in a host, as somebody who has that configuration.
  func sekisho(from host: String, _ arguments: String...) async throws -> Finished {
    try await command(
      from: host, [try productProgram()] + arguments + ["-i", "\(directory)/inventory.yaml"])
  }

  /// Runs anything as that user.
  func command(from host: String, _ words: [String]) async throws -> Finished {
    let environment = [
      "/usr/bin/env", "HOME=\(directory)/home", "PATH=\(directory)/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]
    return try await lab.run(host, environment + words)
  }
}

/// A lab with servers on some hosts, and a body that is given them.
func withServers(
  _ inventory: String, on hosts: [String] = ["web-1"],
  _ body: @escaping @Sendable (ProofLab, SSHServer) async throws -> Void
) async throws {
  try await withProofLab(try loaded(inventory), .root) { proof in
    try await withTemporaryDirectory { directory in
      let server = SSHServer(directory: directory, lab: proof.lab)
      try await server.prepare(inventory: inventory)
      var all: @Sendable () async throws -> Void = { try await body(proof, server) }
      for host in hosts {
        let inner = all
        all = { try await server.running(on: host, inner) }
      }
      try await all()
    }
  }
}
