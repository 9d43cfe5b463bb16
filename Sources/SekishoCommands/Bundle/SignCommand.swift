internal import ArgumentParser
internal import Artifacts
internal import Operations
internal import Policy
internal import Signing

struct SignCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Approve a plan or a bundle with your ssh key.",
    usage: "sekisho sign <plan-or-bundle> --key <file> [<options>]",
    discussion: """
      Signs what `diff --out` saved or `bundle` wrote, as it lies there, with ssh-keygen (-Y sign, namespace sekisho): keys \
      in files, in an agent and on tokens do. The signature is put beside it, in PLAN.sig or BUNDLE/index.json.sig, behind \
      those that are there. Hosts with /etc/sekisho/allowed_signers take nothing else. You approve what you have looked \
      at: read the diff first.

        sekisho diff --host db --out PLAN
        sekisho sign PLAN --key ~/.ssh/id_ed25519
        sekisho apply PLAN

      Exit codes: 0 done, 1 error.
      """)

  @Argument(help: ArgumentHelp("What diff --out or bundle wrote.", valueName: "plan-or-bundle"))
  var path: String

  @Option(
    help: ArgumentHelp(
      "Your private key, or the public one where the private is in ssh-agent.", valueName: "file"),
    completion: .file())
  var key: String

  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let file = try IndexFile(reading: path)
    let index = file.index
    console.message(
      "signing revision \(index.revision) of \(counted(index.hosts.count, "host")), good until "
        + "\(Timestamp(seconds: index.notAfter))"
        + (index.inventory.map { ", inventory \($0.prefix(12))" } ?? "")
        + (index.git.map { ", commit \($0.prefix(12))" } ?? ""))
    let block = try SSHKeygen.sign(file.bytes, with: key)
    try file.add(block)
    var answer = Answer(parts: [.summary("signed \(file.path) by \(block.key ?? key)")])
    answer.data = .document(Signed(index: IndexJSON(index), key: block.key))
    return answer
  }

  private struct Signed: Encodable {
    let index: IndexJSON
    /// `SHA256:…`.
    let key: String?
  }
}
