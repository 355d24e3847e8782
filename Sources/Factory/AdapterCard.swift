// The README of an adapter folder: a model card whose front matter model hubs read.

import Attribution
import Foundation
import Jobs
import LanguageModel

struct AdapterCard {
    let result: FactoryResult
    let input: FactoryInput
    let provenance: AdapterProvenance

    var text: String {
        let recipe = input.recipe.training
        let targets = recipe.targets.linears.map(\.targetName).joined(separator: ", ")
        var lines = [
            "---", "base_model: \(Self.scalar(input.baseName))", "library_name: peft",
            "pipeline_tag: text-generation", "license: \(Self.scalar(provenance.licence))",
            "tags:", "- lora", "- openledger",
        ]
        if let datanet = provenance.datanet {
            lines += ["datasets:", "- \(Self.scalar("openledger:" + datanet))"]
        }
        lines += [
            "---", "", "# \(provenance.name)", "",
            "A LoRA adapter for `\(input.baseName)`, trained so that anyone can repeat it to the "
                + "last bit.",
            "", "| | |", "|---|---|",
            "| records | \(input.records.count) |",
            "| rank, alpha, modules | \(recipe.rank), \(recipe.alpha), \(targets) |",
            "| steps × batch | \(recipe.steps) × \(recipe.batchSize) |",
            "| seed | `\(recipe.seed)` |",
            "| canonical root | `\(result.canonicalRoot)` |",
            "| training trace | `\(result.trace.root)`, \(result.trace.snapshots.count) units |",
            "| influence index | `\(result.index.root)`, \(result.index.rows.count) rows |",
        ]
        if let snapshot = provenance.snapshot { lines.append("| snapshot | `\(snapshot)` |") }
        if let before = result.report.heldOutBefore, let after = result.report.heldOutAfter,
            let change = result.report.heldOutChange
        {
            lines.append(
                "| held-out loss | "
                    + String(format: "%.3f → %.3f (%+.1f %%)", before, after, 100 * change) + " |"
            )
        }
        lines += [
            "",
            "`openledger adapter verify . --adapter ID` proves this folder, once committed, against a finalised block header.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A YAML double-quoted scalar.
    private static func scalar(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: " "
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
