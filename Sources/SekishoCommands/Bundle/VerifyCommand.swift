internal import ArgumentParser
internal import Artifacts
internal import Diagnostics
internal import Machine
internal import Operations
internal import Policy
internal import Signing

struct VerifyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Show who approved a plan or a bundle, and what does not count.",
    usage: "sekisho verify <plan-or-bundle> --signers <file> [<options>]",
    discussion: """
      Judges signatures as a host does that has these files in /etc/sekisho: of the index as it lies there, for sekisho, by \
      keys of principals that are named, and of none that is revoked. Two signatures by one principal are one approval. Of \
      a bundle each ruleset is compared with the digest that the index has of it.

        sekisho verify PLAN --signers allowed_signers --approvals 2

      Exit codes: 0 a host would take it now, 1 error, 4 it would not, and the answer says why.
      """)

  @Argument(help: ArgumentHelp("What diff --out or bundle wrote.", valueName: "plan-or-bundle"))
  var path: String

  @Option(
    help: ArgumentHelp("Whose signatures count (ssh-keygen(1), ALLOWED SIGNERS).", valueName: "file"),
    completion: .file())
  var signers: String

  @Option(
    help: ArgumentHelp("Keys that count no more: a KRL, or public keys.", valueName: "file"),
    completion: .file())
  var revoked: String?

  @Option(help: ArgumentHelp("How many principals have to approve.", valueName: "number"))
  var approvals = 1

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...SignatureBlock.most).contains(approvals) else {
      throw ValidationError("--approvals is a number from 1 to \(SignatureBlock.most)")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let file = try IndexFile(reading: path)
    let index = file.index
    let requirement = TrustedSigners.Requirement(
      signers: try Files.read(signers), revoked: try revoked.map { try Files.read($0) }, approvals: approvals)
    let check = try SignatureCheck(file.bytes, file.signatures, by: requirement)
    var faults = try file.damagedRulesets().map { "ruleset \($0) is missing, or is not what the index names" }
    if Timestamp.current().seconds > index.notAfter { faults.append("it is past its last moment") }
    if !check.isEnough { faults.insert(check.refusal, at: 0) }

    var facts: [Entry] = [
      "revision \(index.revision), made \(Timestamp(seconds: index.made)), good until \(Timestamp(seconds: index.notAfter))",
      "\(counted(index.hosts.count, "host")), \(counted(Set(index.hosts.map(\.ruleset)).count, "distinct ruleset"))",
    ]
    if let inventory = index.inventory { facts.append("inventory \(inventory)") }
    if let git = index.git { facts.append("commit \(git)") }
    facts += index.guards.map { held in
      Entry(
        nil, Words("guard \(held.name): \(held.statement)"), below: held.why.map { ["why: \($0)"] } ?? [])
    }
    var answer = Answer(parts: [.chapter(Chapter(.facts, "\(file.path, .strong)", facts))])
    if !check.signatures.isEmpty {
      let entries = check.signatures.map { judged in
        let who = judged.principals.first ?? "somebody"
        return Entry(
          judged.reason == nil ? .opens : .closes, Words(who + (judged.reason.map { ": \($0)" } ?? "")),
          note: judged.key ?? "")
      }
      answer.parts.append(.chapter(Chapter(.facts, "signatures", entries)))
    }
    answer.parts += faults.map { .failure($0) }
    if faults.isEmpty { answer.parts.append(.summary("approved by \(listed(check.approvers))")) }
    answer.exitCode = faults.isEmpty ? nil : .broken
    answer.data = .document(
      File(
        index: IndexJSON(index), isTaken: faults.isEmpty, approvers: check.approvers, needed: check.needed,
        signatures: check.signatures.map {
          File.Signature(key: $0.key, principals: $0.principals, counts: $0.reason == nil, reason: $0.reason)
        }, faults: faults))
    return answer
  }

  private struct File: Encodable {
    struct Signature: Encodable {
      let key: String?
      let principals: [String]
      let counts: Bool
      let reason: String?
    }

    let index: IndexJSON
    /// Whether a host with these files would take it now.
    let isTaken: Bool
    let approvers: [String]
    let needed: Int
    let signatures: [Signature]
    let faults: [String]
  }
}
