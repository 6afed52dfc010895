"""Train on the 8x8 digits of scikit-learn with the hand-written gradients, and draw the losses."""

import matplotlib
import numpy as np
from sklearn.datasets import load_digits

from reference import KLDivergence, Network, ReLU, Softmax, Trainer

matplotlib.use("agg")

x, labels = load_digits(return_X_y=True)
x, d = x / 16, np.eye(10)[labels]
held_out = np.arange(len(x)) % 4 == 0

network = Network.initialize(64, [(64, ReLU()), (10, Softmax())], seed=0)
trainer = Trainer(network, KLDivergence(), step_size=0.2, batch_size=32, max_epochs=40)
history = trainer.fit(x[~held_out], d[~held_out], validation=(x[held_out], d[held_out]))

right = network.forward(x[held_out]).argmax(axis=1) == labels[held_out]
print(f"right on the held-out quarter: {'at least 95%' if right.mean() >= 0.95 else right.mean()}")
history.plot().figure.savefig("digits.png")
print("wrote digits.png")
