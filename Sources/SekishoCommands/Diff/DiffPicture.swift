internal import Diagnostics

/// What a change opens and closes as a picture, of the chapters about connections.
struct DiffPicture {
  private struct Arrow: Hashable {
    let from: Int
    let to: Int
    let role: Words.Role
    /// Opens or closes at one end alone.
    let isHalf: Bool
  }

  /// Whether it is nothing but addresses that no managed host has.
  private struct End: Hashable {
    let name: String
    let isOutside: Bool
  }

  private let title: String
  private var ends: [End] = []
  private var arrows: [Arrow] = []
  private var labels: [Arrow: [String]] = [:]

  init(_ parts: [Answer.Part], title: String) {
    self.title = title
    var places: [End: Int] = [:]
    for case .chapter(let chapter) in parts where chapter.kind == .connections {
      for entry in chapter.entries {
        guard let names = entry.ends, let mark = entry.mark else { continue }
        let from = End(name: names.from, isOutside: entry.outside.from)
        let to = End(name: names.to, isOutside: entry.outside.to)
        for end in [from, to] where places[end] == nil {
          places[end] = ends.count
          ends.append(end)
        }
        let isOpening = mark.sign == Mark.opens.sign
        let arrow = Arrow(
          from: places[from] ?? 0, to: places[to] ?? 0, role: isOpening ? .opens : .closes,
          isHalf: mark.role == .changes)
        if labels[arrow] == nil { arrows.append(arrow) }
        labels[arrow, default: []].append(entry.words.spans.map(\.text).joined())
      }
    }
  }

  var dot: String {
    var out = """
      digraph sekisho {
        label=\(PictureText.quoted(title)); labelloc=t; fontsize=18; rankdir=LR; fontname="sans-serif";
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
        edge [fontname="sans-serif", fontsize=10];

      """
    for (number, end) in ends.enumerated() {
      let shape = end.isOutside ? ", \(PictureText.network)" : ""
      out += "  n\(number) [label=\(PictureText.quoted(end.name))\(shape)];\n"
    }
    for arrow in arrows {
      let colour = arrow.role == .opens ? Self.green : Self.red
      out += "  n\(arrow.from) -> n\(arrow.to) [label=\(PictureText.quoted(label(arrow, "\n"))), "
      out += "color=\"\(colour)\", fontcolor=\"\(colour)\"\(arrow.isHalf ? ", style=dashed" : "")];\n"
    }
    out += "  subgraph cluster_legend {\n"
    out += "    label=\(PictureText.quoted(Self.legendTitle)); fontsize=10; color=\"#bbbbbb\";\n"
    for (number, meaning) in meanings.enumerated() {
      let shape = meaning.isOutside ? ", \(PictureText.network)" : ", shape=plaintext, style=\"\""
      let colour = meaning.colour.map { ", fontcolor=\"\($0)\"" } ?? ""
      out += "    l\(number) [label=\(PictureText.quoted(meaning.words)), fontsize=10\(shape)\(colour)];\n"
    }
    return out + "  }\n}\n"
  }

  var mermaid: String {
    var out = "---\ntitle: \(PictureText.quoted(title))\n---\nflowchart LR\n"
    for (number, end) in ends.enumerated() {
      let name = PictureText.mermaid(end.name)
      out += end.isOutside ? "  n\(number)([\"\(name)\"])\n" : "  n\(number)[\"\(name)\"]\n"
    }
    for (number, arrow) in arrows.enumerated() {
      let line = arrow.isHalf ? "-.->" : "-->"
      out += "  n\(arrow.from) \(line)|\"\(PictureText.mermaid(label(arrow, "<br>")))\"| n\(arrow.to)\n"
      let colour = arrow.role == .opens ? Self.green : Self.red
      out += "  linkStyle \(number) stroke:\(colour),color:\(colour)\n"
    }
    out += "  subgraph legend[\"\(PictureText.mermaid(Self.legendTitle))\"]\n"
    for (number, meaning) in meanings.enumerated() {
      let words = PictureText.mermaid(meaning.words)
      out += meaning.isOutside ? "    l\(number)([\"\(words)\"])\n" : "    l\(number)[\"\(words)\"]\n"
    }
    out += "  end\n"
    for (number, meaning) in meanings.enumerated() {
      if let colour = meaning.colour { out += "  style l\(number) fill:none,stroke:none,color:\(colour)\n" }
    }
    let outside =
      ends.indices.filter { ends[$0].isOutside }.map { "n\($0)" }
      + meanings.indices.filter { meanings[$0].isOutside }.map { "l\($0)" }
    if !outside.isEmpty {
      out += "  classDef outside \(PictureText.mermaidNetwork)\n"
      out += "  class \(outside.joined(separator: ",")) outside\n"
    }
    return out
  }

  // MARK: Legend

  private static let legendTitle = "an arrow: may ask, by these services"

  private struct Meaning {
    let words: String
    var colour: String?
    var isOutside = false
  }

  /// What is in the picture, in words.
  private var meanings: [Meaning] {
    var meanings: [Meaning] = []
    if arrows.contains(where: { $0.role == .opens }) {
      meanings.append(Meaning(words: "+ opens", colour: Self.green))
    }
    if arrows.contains(where: { $0.role == .closes }) {
      meanings.append(Meaning(words: "- closes", colour: Self.red))
    }
    if arrows.contains(where: \.isHalf) {
      meanings.append(Meaning(words: "dashed: at one end alone, the other denies it", colour: "#555555"))
    }
    if ends.contains(where: \.isOutside) {
      meanings.append(Meaning(words: "outside the inventory", isOutside: true))
    }
    return meanings
  }

  /// Whoever sees no colours reads the sign.
  private func label(_ arrow: Arrow, _ lineBreak: String) -> String {
    let words = labels[arrow] ?? []
    let rest = words.count - Self.mostLines
    let sign = arrow.role == .opens ? "+" : "-"
    return
      (words.prefix(Self.mostLines).map { "\(sign) \($0)" }
      + (rest > 0 ? ["\(sign) and \(rest) more"] : [])).joined(separator: lineBreak)
  }

  private static let mostLines = 6
  private static let green = "#1a7f37"
  private static let red = "#cf222e"
}
