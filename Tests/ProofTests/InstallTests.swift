import Lab
import LabHarness
import Testing

extension FleetProof {
  /// The program is copied to hosts by ssh and sudo, into directories that stand for theirs.
  @Suite(
    .enabled(if: SSHServer.isInstalled, "no OpenSSH server here; install the Debian package openssh-server"))
  struct InstallProofTests {
    /// What the transport ends with: a mount namespace in which /usr/local is a directory of the test. A host may have
    /// programs of its own ahead of all others.
    private static func inside(_ directory: String) -> String {
      """
      #!/bin/sh
      mount --bind \(directory)/local /usr/local
      export PATH="\(directory)/fake:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
      export SEKISHO_RUNTIME_DIR=/run/sekisho/web-1 SEKISHO_STATE_DIR=/run/sekisho/web-1/state
      exec "$@"

      """
    }

    private static func inventory(_ directory: String) -> String {
      """
      version: 1
      services: {ssh: tcp/22}
      hosts:
        desk: {addresses: [10.0.0.1]}
        web-1: {addresses: [10.0.0.2], groups: web}
        gone-1: {addresses: [10.0.0.9], groups: web}
        wrong-1: {addresses: [10.0.0.8, "2001:db8::8"], groups: others}
      groups:
        reached: {hosts: [web, others], transport: "ssh {host} sudo -n unshare -m \(directory)/inside"}
      flows:
        management: {from: desk, to: web, service: ssh, why: It is how changes get there}
      """
    }

    private func withServer(
      _ body: @escaping @Sendable (ProofLab, SSHServer) async throws -> Void
    ) async throws {
      try await withTemporaryDirectory { directory in
        let inventory = Self.inventory(directory)
        try await withProofLab(try loaded(inventory), .root) { proof in
          let server = SSHServer(directory: directory, lab: proof.lab)
          try await server.prepare(inventory: inventory)
          // The name of one host leads to another.
          try await server.configure(["web-1": "10.0.0.2", "gone-1": "10.0.0.9", "wrong-1": "10.0.0.2"])
          let prepare = "cd \"$0\" && mkdir -p local/bin fake && cat > inside && chmod 755 inside"
          _ = try await run(["/bin/sh", "-c", prepare, directory], input: Self.inside(directory)).succeeded()
          try await server.running(on: "web-1") { try await body(proof, server) }
        }
      }
    }

    private func installed(_ server: SSHServer) async throws -> [String] {
      try await run(["/usr/bin/find", "\(server.directory)/local", "-type", "f", "-printf", "%P %m %u\\n"])
        .lines.sorted()
    }

    @Test(.needs(.root)) func `a host is given program and units, works with them, and is left alone then`()
      async throws
    {
      try await withServer { proof, server in
        let first = try await server.sekisho(from: "desk", "install", "web-1", "--yes", "--json")
        #expect(first.status == 0 && first.output.contains(#""status" : "installed""#), "\(first.output)")
        #expect(
          try await installed(server) == [
            "bin/sekisho 755 root", "lib/systemd/system/sekisho-boot.service 644 root",
            "lib/systemd/system/sekisho-watch.service 644 root",
          ])
        let same = try await run([
          "/usr/bin/cmp", try productProgram(), "\(server.directory)/local/bin/sekisho",
        ])
        #expect(same.status == 0, "\(same.output)")
        // By the same way the host can be asked now.
        let looked = try await server.sekisho(from: "desk", "diff", "--host", "web-1")
        #expect(looked.status == 2 && looked.output.contains("management"), "\(looked.output)")
        let again = try await server.sekisho(from: "desk", "install", "web-1", "--yes")
        #expect(again.status == 0 && again.output.contains("web-1: had it already"), "\(again.output)")
        // What another has written into a unit is put right, and the program stays as it is.
        try await server.write("[Unit]\n", to: "local/lib/systemd/system/sekisho-boot.service")
        let mended = try await server.sekisho(from: "desk", "install", "web-1", "--yes")
        #expect(
          mended.output.contains("wrote /usr/local/lib/systemd/system/sekisho-boot.service\n"),
          "\(mended.output)")
      }
    }

    @Test(.needs(.root)) func `a host that is not there harms no other`() async throws {
      try await withServer { proof, server in
        let told = try await server.sekisho(from: "desk", "install", "web", "--yes")
        #expect(told.status == 1, "\(told.output)")
        #expect(told.output.contains("gone-1: ") && told.output.contains("web-1: wrote"), "\(told.output)")
        #expect(try await installed(server).count == 3)
        let nobody = try await server.sekisho(from: "desk", "install", "web-1")
        #expect(nobody.status == 64, "\(nobody.output)")
      }
    }

    @Test(.needs(.root)) func `a machine that is another host is given nothing`() async throws {
      try await withServer { proof, server in
        let told = try await server.sekisho(from: "desk", "install", "wrong-1", "--yes", "--json")
        #expect(told.status == 1 && told.output.contains(#""code" : "wrong-host""#), "\(told.output)")
        #expect(
          told.output.contains("the machine that answers is not wrong-1: it calls itself "), "\(told.output)")
        #expect(told.output.contains("has the addresses of web-1 (10.0.0.2)"), "\(told.output)")
        #expect(try await installed(server) == [])
      }
    }

    /// A host on which one program answers otherwise, and why it is not given ours.
    struct Refusing: CustomTestStringConvertible, Sendable {
      let program: String
      let answer: String
      let reason: String
      var testDescription: String { "\(program): \(reason)" }

      static let all = [
        Refusing(program: "uname", answer: "echo riscv64", reason: "its architecture is riscv64"),
        Refusing(
          program: "dpkg",
          answer: #"[ "$2" != /usr/bin/sekisho ] || { echo "sekisho: $2"; exit 0; }; exit 1"#,
          reason: "a package has the program there (sekisho: /usr/bin/sekisho)"),
        Refusing(program: "id", answer: "echo 1000", reason: "not root's but that of user 1000"),
        Refusing(program: "sekisho", answer: "exit 0", reason: "would be started in the place of"),
        Refusing(program: "sha256sum", answer: "echo 00", reason: "it did not arrive as it was sent"),
        Refusing(
          program: "dd", answer: #"exec head -c 4096 > "${1#of=}""#,
          reason: "it did not arrive as it was sent"),
        Refusing(program: "dd", answer: "echo full >&2; exit 1", reason: "it said: full"),
        Refusing(program: "mv", answer: "exit 1", reason: "cannot be written"),
        Refusing(program: "sync", answer: "exit 1", reason: "cannot be written"),
      ]
    }

    @Test(.needs(.root), arguments: Refusing.all)
    func `a host that must not have it keeps what it has`(host: Refusing) async throws {
      try await withServer { proof, server in
        try await server.write("#!/bin/sh\necho the one before\n", to: "local/bin/sekisho")
        try await server.write("#!/bin/sh\n\(host.answer)\n", to: "fake/\(host.program)")
        _ = try await run([
          "/bin/chmod", "755", "\(server.directory)/fake/\(host.program)",
          "\(server.directory)/local/bin/sekisho",
        ]).succeeded()
        let told = try await server.sekisho(from: "desk", "install", "web-1", "--yes")
        #expect(told.status == 1 && told.output.contains(host.reason), "\(told.output)")
        #expect(try await server.read("local/bin/sekisho") == "#!/bin/sh\necho the one before\n")
      }
    }
  }
}
