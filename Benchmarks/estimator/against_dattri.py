"""Our DataInf and dot product against the dattri package's DataInf and TracIn, on softmax regression.

dattri's DataInf damps by 0 unless told, and its TracIn projects to 512 columns unless told. JSON out.
"""

import json

import numpy
import torch
from dattri.algorithm.influence_function import IFAttributorDataInf
from dattri.algorithm.tracin import TracInAttributor
from dattri.task import AttributionTask

import digits
import methods


def main():
    torch.set_default_dtype(torch.float64)
    (x, y), (xq, yq), _ = digits.data(30)
    xq, yq = xq[:5], yq[:5]
    model = torch.nn.Linear(64, 10)
    parameters = [model.weight.detach()[None], model.bias.detach()[None]]
    train = digits.gradients(digits.softmax, parameters, x, y)
    query = digits.gradients(digits.softmax, parameters, xq, yq)
    widths = [640, 10]

    def loss(parameters, data):
        image, label = data
        logits = torch.func.functional_call(model, parameters, image)
        return torch.nn.functional.cross_entropy(logits, label.long())

    def loader(x, y, batch):
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=batch)

    task = AttributionTask(loss_func=loss, model=model, checkpoints=model.state_dict())
    damping = 0.01
    found = {}
    attributor = IFAttributorDataInf(task=task, regularization=damping)
    attributor.cache(loader(x, y, 1))
    with torch.no_grad():
        theirs = attributor.attribute(loader(x, y, 30), loader(xq, yq, 5)).numpy().T
    found["datainf"] = methods.datainf(train, query, widths, damping), theirs
    attributor = TracInAttributor(task=task, weight_list=torch.ones(1), normalized_grad=False)
    attributor.projector_kwargs = None
    with torch.no_grad():
        theirs = attributor.attribute(loader(x, y, 30), loader(xq, yq, 5)).numpy().T
    found["dot"] = methods.dot(train, query, widths), theirs
    for name, (own, theirs) in found.items():
        slope = (own * theirs).sum() / (own * own).sum()
        rest = numpy.abs(theirs - slope * own).max() / numpy.abs(theirs).max()
        print(json.dumps({"against dattri": name, "slope": slope, "largest difference": rest}))


if __name__ == "__main__":
    main()
