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

  private let title: String
  private var ends: [String] = []
  private var arrows: [Arrow] = []
  private var labels: [Arrow: [String]] = [:]

  init(_ parts: [Answer.Part], title: String) {
    self.title = title
    var places: [String: Int] = [:]
    for case .chapter(let chapter) in parts where chapter.kind == .connections {
      for entry in chapter.entries {
        guard let (from, to) = entry.ends, let mark = entry.mark else { continue }
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
    for (number, end) in ends.enumerated() { out += "  n\(number) [label=\(PictureText.quoted(end))];\n" }
    for arrow in arrows {
      let colour = arrow.role == .opens ? Self.green : Self.red
      out += "  n\(arrow.from) -> n\(arrow.to) [label=\(PictureText.quoted(label(arrow, "\n"))), "
      out += "color=\"\(colour)\", fontcolor=\"\(colour)\"\(arrow.isHalf ? ", style=dashed" : "")];\n"
    }
    return out + "}\n"
  }

  var mermaid: String {
    var out = "---\ntitle: \(PictureText.quoted(title))\n---\nflowchart LR\n"
    for (number, end) in ends.enumerated() { out += "  n\(number)[\"\(PictureText.mermaid(end))\"]\n" }
    for (number, arrow) in arrows.enumerated() {
      let line = arrow.isHalf ? "-.->" : "-->"
      out += "  n\(arrow.from) \(line)|\"\(PictureText.mermaid(label(arrow, "<br>")))\"| n\(arrow.to)\n"
      let colour = arrow.role == .opens ? Self.green : Self.red
      out += "  linkStyle \(number) stroke:\(colour),color:\(colour)\n"
    }
    return out
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
