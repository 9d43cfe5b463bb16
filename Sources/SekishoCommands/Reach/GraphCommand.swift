internal import ArgumentParser
internal import Diagnostics
internal import Evidence
internal import Operations
internal import Policy
internal import Reachability
internal import Subprocess

struct GraphCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Draw the policy as a picture.",
    usage: "sekisho graph [<options>]",
    discussion: """
      A box is hosts with the same role, within its zone; crown jewels are marked. An arrow is flows, with their \
      services. An end of flows that is more than three boxes is a box of its own, with dashes, which lists them, so \
      that what everybody needs is one arrow. --from and --to draw the flows of some alone. What a change opens and \
      closes is drawn by sekisho diff --format svg.

        sekisho graph > policy.dot                    for Graphviz
        sekisho graph --format svg > policy.svg       drawn by Graphviz
        sekisho graph --format mermaid --by zone      for a page that draws Mermaid
        sekisho graph --to vault --format svg         who may ask the vault
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "dot, mermaid or svg.")
  var format = Format.dot

  @Option(help: "What a box is: a role, or a zone.")
  var by = Box.role

  @Option(
    help: ArgumentHelp("Draw flows from these alone, as in \"api, internet\".", valueName: "selector"),
    completion: Completions.peer)
  var from: String?

  @Option(
    help: ArgumentHelp("Draw flows to these alone.", valueName: "selector"), completion: Completions.peer)
  var to: String?

  @Flag(help: "Leave out what boxes and arrows mean.")
  var noLegend = false

  enum Format: String, ExpressibleByArgument, CaseIterable { case dot, mermaid, svg }
  enum Box: String, ExpressibleByArgument, CaseIterable { case role, zone }

  var worksAlone: Bool { true }

  func answer(_ console: Console) async throws -> Answer {
    let policy = try LoadedPolicy(inventory.inventory).policy
    func filter(_ text: String?, _ option: String) throws -> Picture.Filter? {
      guard let text else { return nil }
      let whereabouts = try Whereabouts(text, option, in: policy)
      return Picture.Filter(
        hosts: whereabouts.hosts(in: policy), networks: whereabouts.addresses, virtuals: whereabouts.virtuals,
        in: policy)
    }
    let drawn = Picture(
      policy, at: .current(), byZone: by == .zone, from: try filter(from, "--from"),
      to: try filter(to, "--to"))
    let picture = drawn.named(in: policy)
    if output.json { return Answer(data: .document(PictureFile(picture, policy))) }
    let title =
      "Who may ask whom: \(SafeText.escaped(inventory.inventory))" + (from.map { ", from \($0)" } ?? "")
      + (to.map { ", to \($0)" } ?? "")
    let text = PictureText(
      picture: picture, policy: policy, title: title, hasLegend: !noLegend, isByZone: by == .zone)
    let bytes =
      switch format {
      case .dot: Array(text.dot.utf8)
      case .mermaid: Array(text.mermaid.utf8)
      case .svg: try await Graphviz.svg(text.dot)
      }
    return Answer(parts: [.verbatim(bytes)])
  }
}

/// Draws; nothing of it is linked in.
enum Graphviz {
  static func svg(_ dot: String) async throws -> [UInt8] {
    do {
      let drawn = try await Subprocess.run(
        .name("dot"), arguments: ["-Tsvg"], input: .string(dot), output: .bytes(limit: 64 << 20),
        error: .string(limit: 1 << 16))
      if case .exited(0) = drawn.terminationStatus { return drawn.standardOutput }
      throw Refusal(.failed, "dot failed: \(drawn.standardError)")
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(
        .failed, "dot of Graphviz cannot be started",
        remedy: "install it (apt install graphviz), or write --format dot and draw it elsewhere")
    }
  }
}

/// A picture as data.
private struct PictureFile: Encodable {
  struct Box: Encodable {
    let name: String
    let kind: String
    let hosts: Int
    let zone: String?
    let crown: Bool
    let members: [String]?
  }

  struct Arrow: Encodable {
    /// Places in `boxes`.
    let from: Int
    let to: Int
    let flows: [String]
    let services: [String]
  }

  let boxes: [Box]
  let arrows: [Arrow]

  init(_ picture: Picture, _ policy: Policy) {
    boxes = picture.boxes.map {
      Box(
        name: $0.name, kind: "\($0.kind)", hosts: $0.count, zone: $0.zone, crown: $0.isCrown,
        members: $0.members.isEmpty ? nil : $0.members)
    }
    arrows = picture.arrows.map { arrow in
      Arrow(
        from: arrow.from, to: arrow.to, flows: arrow.flows.map { policy[$0].name },
        services: PictureText.services(arrow, policy))
    }
  }
}
