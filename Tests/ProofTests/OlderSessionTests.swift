import AgentProtocol
import Foundation
import Lab
import LabHarness
import Testing

extension HostProof {
  /// Sessions that are older than the first ruleset of both of their ends, and say nothing while it is made.
  @Suite struct OlderSessionTests {
    private static let inventory = """
      version: 1
      services: {web: tcp/80}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        f: {from: client, to: server, service: web, why: a test}
      """

    struct Conversation: CustomTestStringConvertible {
      let address: String
      let port: Int
      let speaker: String

      var testDescription: String { "\(speaker) speaks first, \(address), port \(port)" }
    }

    static let conversations = ["10.0.0.2", "2001:db8::2"].flatMap { address in
      ["client", "server"].flatMap { speaker in
        [80, 81].map { Conversation(address: address, port: $0, speaker: speaker) }
      }
    }

    @Test(arguments: conversations)
    func `a quiet session goes on after a first apply at both ends if the policy allows it, and only then`(
      it: Conversation
    ) async throws {
      try await withProofLab(try loaded(Self.inventory), try labRights()) { proof in
        let file = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let program = try supportProgram()
        func end(_ role: String) throws -> [String] {
          try proof.lab.execPrefix(role) + [program, "quiet-\(role)", it.address, "\(it.port)"]
            + (it.speaker == role ? [file.path] : [])
        }
        let (client, server) = (try end("client"), try end("server"))
        let ran = try await whileRunning(server, after: "listening") {
          try await whileRunning(client, after: "quiet") {
            try await firstApply(proof)
            try Data().write(to: file)
          }.finished.output
        }
        let heard = it.speaker == "client" ? ran.finished.output : ran.result
        #expect(heard.split(separator: "\n").last == (it.port == 80 ? "heard" : "silent"))
      }
    }
  }
}

/// Learns what is there, and applies, at both ends.
func firstApply(_ proof: ProofLab) async throws {
  for host in ["client", "server"] {
    let wanted = proof.table(of: host)
    let applied = try await proof.ask(host) { try await $0.ask(Apply(wanted, seen: nil)) }
    #expect(applied.operations > 0)
    #expect(applied.forgetsSilentSessions == nil)
  }
}
